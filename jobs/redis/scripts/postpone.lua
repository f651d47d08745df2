-- Have a held job wait for what is away (such as the photo store), as long again as it has waited for
-- it already. This attempt does not count: nothing was wrong with the job.
-- ARGV: prefix, id, attempt, least ms, most ms, ms in all
-- Returns 1; or 0 when the job was no longer held, or has waited as long as it may.
local id, attempt, in_all = ARGV[2], ARGV[3], tonumber(ARGV[6])
local key = job_key(id)
local held = redis.call('HMGET', key, 'state', 'attempts', 'cancel', 'postponed_at')
if held[1] ~= 'running' or held[2] ~= attempt then return 0 end
if held[3] then
  end_job(id, 'canceled', {})
  return 1
end
local waited = now - (held[4] or now)
if waited >= in_all then return 0 end
free_memory_first()
redis.call('HSETNX', key, 'postponed_at', now)
local delay = math.max(tonumber(ARGV[4]), math.min(waited, tonumber(ARGV[5])))
requeue(id, attempt - 1, DELAYED, now + delay)
return 1
