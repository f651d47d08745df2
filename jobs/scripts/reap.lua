-- Return jobs whose lease ran out; fail those that are out of attempts; ring while work waits.
-- KEYS: leases, retry, hi, lo, bell, events   ARGV: job prefix, most attempts, error as JSON
-- Returns {ring, returned, failed}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local returned, failed = 0, 0
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 200)) do
  local key = ARGV[1] .. id
  local held = redis.call('HMGET', key, 'state', 'attempts', 'ttl')
  redis.call('ZREM', KEYS[1], id)
  if held[1] == 'running' then
    if tonumber(held[2]) >= tonumber(ARGV[2]) then
      redis.call('HSET', key, 'state', 'failed', 'finished_at', now, 'expires_at', now + held[3], 'error', ARGV[3])
      redis.call('PEXPIRE', key, held[3])
      failed = failed + 1
    else
      redis.call('HSET', key, 'state', 'queued')
      redis.call('HDEL', key, 'started_at')
      redis.call('RPUSH', KEYS[2], id)
      returned = returned + 1
    end
    redis.call('PUBLISH', KEYS[6], id)
  end
end
local left = redis.call('LLEN', KEYS[2]) + redis.call('LLEN', KEYS[3]) + redis.call('LLEN', KEYS[4])
local ring = left > 0 and redis.call('SET', KEYS[5], 1, 'NX', 'PX', 3000)
return {ring and 1 or 0, returned, failed}
