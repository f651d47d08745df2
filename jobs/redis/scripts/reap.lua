-- Queue jobs whose lease ran out again, behind the last waiting job of their owner; fail those that are
-- out of attempts; notify while work waits.
-- ARGV: prefix, most attempts, error as JSON   Returns {notify, returned, failed}
local CLOCK = P .. 'clock' -- time of the last reap, which every process does each second
local returned, failed = 0, 0
free_memory_first()
if schema < SCHEMA then redis.call('SET', P .. 'schema', SCHEMA) end -- form 1 serves all before it

local function move(key, by)
  local found = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for i = 1, #found, 2 do redis.call('ZADD', key, found[i + 1] + by, found[i]) end
end

-- The clock of Redis was set, or Redis or all processes were away. Such time does not count against
-- leases, and after a clock went back nothing stays due in the far future.
local seen = now - (redis.call('GET', CLOCK) or now)
if seen < -1000 or seen > 10000 then move(LEASES, seen) end
if seen < -1000 then
  for _, due in ipairs({DELAYED, OUTBOX, OUTBOXES}) do move(due, seen) end
  for _, owner in ipairs(redis.call('ZRANGE', OUTBOXES, 0, -1)) do move(outbox_key(owner), seen) end
  for _, signs in ipairs({WORKERS, WORKING, SERVED}) do
    redis.call('ZREMRANGEBYSCORE', signs, '(' .. time[1], '+inf') -- the living give the next one at once
  end
  redis.call('DEL', NOTIFIED, STANDBY)
end
redis.call('SET', CLOCK, string.format('%d', now))
for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', now, 'LIMIT', 0, 200)) do
  local held = redis.call('HMGET', job_key(id), 'state', 'attempts', 'cancel')
  if held[1] ~= 'running' then
    redis.call('ZREM', LEASES, id)
  elseif held[3] then
    end_job(id, 'canceled', {})
  elseif tonumber(held[2]) >= tonumber(ARGV[2]) then
    end_job(id, 'failed', {'error', ARGV[3]})
    failed = failed + 1
  else
    try_again(id, held[2])
    returned = returned + 1
  end
end
wake_delayed()
if returned > 0 then count_metric('recoveries_total', returned) end
return {count_waiting() > 0 and notify() or 0, returned, failed}
