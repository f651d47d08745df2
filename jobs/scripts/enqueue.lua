-- Accept a job: record and queue entry at once. The record lives on until ttl after its end.
-- KEYS: job, list, hi, lo, retry, bell   ARGV: id, bound, ttl ms, deadline ms or "", name, value, …
-- Returns {"exists"} | {"full", waiting} | {"queued", ring}
if redis.call('EXISTS', KEYS[1]) == 1 then return {'exists'} end
local waiting = redis.call('LLEN', KEYS[3]) + redis.call('LLEN', KEYS[4]) + redis.call('LLEN', KEYS[5])
if waiting >= tonumber(ARGV[2]) then return {'full', waiting} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local fields = {'state', 'queued', 'attempts', 0, 'created_at', now, 'expires_at', now + ARGV[3], 'ttl', ARGV[3]}
if ARGV[4] ~= '' then
  fields[#fields + 1] = 'start_by'
  fields[#fields + 1] = now + ARGV[4]
end
for i = 5, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('RPUSH', KEYS[2], ARGV[1])
local ring = redis.call('SET', KEYS[6], 1, 'NX', 'PX', 3000)
return {'queued', ring and 1 or 0}
