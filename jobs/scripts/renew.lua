-- Prolong the leases of jobs that the caller still holds.
-- KEYS: leases   ARGV: job prefix, lease ms, id, attempt, …   Returns how many were still held.
local time = redis.call('TIME')
local until_ = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]
local held = 0
for i = 3, #ARGV, 2 do
  if redis.call('HGET', ARGV[1] .. ARGV[i], 'attempts') == ARGV[i + 1] then
    redis.call('ZADD', KEYS[1], 'XX', until_, ARGV[i])
    held = held + 1
  end
end
return held
