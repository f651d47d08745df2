-- Give an unstarted job back to the head of its queue, as if it had never been claimed.
-- KEYS: job, leases, events   ARGV: id, attempt
local held = redis.call('HMGET', KEYS[1], 'state', 'attempts', 'queue')
if held[1] ~= 'running' or held[2] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'state', 'queued', 'attempts', ARGV[2] - 1)
redis.call('HDEL', KEYS[1], 'started_at')
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('LPUSH', held[3], ARGV[1])
redis.call('PUBLISH', KEYS[3], ARGV[1])
return 1
