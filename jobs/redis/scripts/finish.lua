-- End a job, if the caller still holds it (the attempt number is the fencing token).
-- ARGV: prefix, id, attempt, state, cache key or "", name, value, …
-- Returns the state, or "" when the lease was lost and the outcome is dropped.
local id, state = ARGV[2], ARGV[4]
local held = redis.call('HMGET', job_key(id), 'state', 'attempts', 'cancel', 'ttl', 'started_at')
if held[1] ~= 'running' or held[2] ~= ARGV[3] then return '' end
free_memory_first()

-- How long one job takes the whole service, as a moving mean over the last ten or so. A job that
-- found the service idle counts no longer than it ran.
local last, mean = unpack(redis.call('HMGET', PACE, 'last', 'interval'))
local gap = math.max(0, math.min(now - (last or 0), now - held[5]))
redis.call('HSET', PACE, 'last', now, 'interval', mean and 0.9 * mean + 0.1 * gap or gap)

if held[3] then
  end_job(id, 'canceled', {})
  return 'canceled'
end
local fields = {}
for i = 6, #ARGV do fields[#fields + 1] = ARGV[i] end
end_job(id, state, fields)
if state == 'succeeded' and ARGV[5] ~= '' then
  redis.call('SET', P .. 'cache:' .. ARGV[5], id, 'PX', held[4])
end
return state
