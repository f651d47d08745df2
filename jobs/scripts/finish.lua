-- End a job, if the caller still holds it (the attempt number is the fence).
-- KEYS: job, leases, events   ARGV: id, attempt, state, name, value, …
-- Returns 1, or 0 when the lease was lost and the outcome is dropped.
local held = redis.call('HMGET', KEYS[1], 'state', 'attempts', 'ttl')
if held[1] ~= 'running' or held[2] ~= ARGV[2] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local fields = {'state', ARGV[3], 'finished_at', now, 'expires_at', now + held[3]}
for i = 4, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('PEXPIRE', KEYS[1], held[3])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('PUBLISH', KEYS[3], ARGV[1])
return 1
