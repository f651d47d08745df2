-- Cancel: a waiting job at once, a running one when its worker next checks.
-- ARGV: prefix, id   Returns the state that the job had, or "" for an unknown one.
local id = ARGV[2]
local state, queue = unpack(redis.call('HMGET', job_key(id), 'state', 'queue'))
if state == 'queued' then
  redis.call('ZREM', queue, id)
  for _, other in ipairs({RETRY, DELAYED}) do redis.call('ZREM', other, id) end
  end_job(id, 'canceled', {})
elseif state == 'running' then
  free_memory_first()
  redis.call('HSET', job_key(id), 'cancel', 1)
end
return state or ''
