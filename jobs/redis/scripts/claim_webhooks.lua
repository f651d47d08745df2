-- Take deliveries that are due. One whose job has expired is dropped.
-- ARGV: prefix, most, lease ms   Returns {{job id, attempt}, …}
local taken = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', OUTBOX, '-inf', now, 'LIMIT', 0, ARGV[2])) do
  if redis.call('EXISTS', job_key(id)) == 0 then
    redis.call('ZREM', OUTBOX, id)
  else
    redis.call('ZADD', OUTBOX, now + ARGV[3], id)
    taken[#taken + 1] = {id, redis.call('HINCRBY', job_key(id), 'webhook_attempts', 1)}
  end
end
return taken
