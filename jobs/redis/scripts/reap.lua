-- Return jobs whose lease ran out, behind the last one that waits of their owner; fail those that are
-- out of attempts; notify while work waits.
-- ARGV: prefix, most attempts, error as JSON   Returns {notify, returned, failed}
local returned, failed = 0, 0
free_memory_first()
for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', now, 'LIMIT', 0, 200)) do
  local held = redis.call('HMGET', job_key(id), 'state', 'attempts', 'cancel', 'queue', 'owner')
  if held[1] ~= 'running' then
    redis.call('ZREM', LEASES, id)
  elseif held[3] then
    end_job(id, 'canceled', {})
  elseif tonumber(held[2]) >= tonumber(ARGV[2]) then
    end_job(id, 'failed', {'error', ARGV[3]})
    failed = failed + 1
  else
    local score = next_turn(held[4], held[5])
    redis.call('HSET', job_key(id), 'score', score)
    requeue(id, held[2], held[4], score)
    returned = returned + 1
  end
end
wake_delayed()
if returned > 0 then count('recoveries_total', returned) end
return {count_waiting() > 0 and notify() or 0, returned, failed}
