-- Log an attempt to deliver, if the caller still holds it; the log lives as long as its job.
-- ARGV: prefix, job id, attempt, ms to the next attempt or "", JSON   Returns 1, or 0 if not held.
local id, key, log = ARGV[2], job_key(ARGV[2]), P .. 'deliveries:' .. ARGV[2]
if redis.call('HGET', key, 'webhook_attempts') ~= ARGV[3] then return 0 end
local following = '-'
if ARGV[4] == '' then
  redis.call('ZREM', OUTBOX, id)
else
  following = string.format('%d', now + ARGV[4])
  redis.call('ZADD', OUTBOX, following, id)
end
redis.call('RPUSH', log, string.format('%d', now) .. ' ' .. following .. ' ' .. ARGV[5])
redis.call('PEXPIRE', log, redis.call('PTTL', key))
return 1
