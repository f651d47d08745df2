-- Log an attempt to deliver, if the caller still holds it; the log lives as long as its job.
-- ARGV: prefix, job id, attempt, ms to the next attempt or "", JSON   Returns 1, or 0 if not held.
local id, key, log = ARGV[2], job_key(ARGV[2]), P .. 'deliveries:' .. ARGV[2]
local attempt, owner = unpack(redis.call('HMGET', key, 'webhook_attempts', 'owner'))
if attempt ~= ARGV[3] then return 0 end
local following = '-'
if ARGV[4] == '' then
  redis.call('ZREM', outbox_key(owner), id)
  note_first_due(owner)
else
  following = string.format('%d', now + ARGV[4])
  add_to_outbox(owner, id, following)
end
redis.call('RPUSH', log, string.format('%d', now) .. ' ' .. following .. ' ' .. ARGV[5])
redis.call('PEXPIRE', log, redis.call('PTTL', key))
return 1
