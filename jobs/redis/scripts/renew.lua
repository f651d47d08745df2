-- Prolong the leases of jobs that the caller still holds.
-- ARGV: prefix, lease ms, id, attempt, …   Returns how many were still held.
local held = 0
free_memory_first()
for i = 3, #ARGV, 2 do
  if redis.call('HGET', job_key(ARGV[i]), 'attempts') == ARGV[i + 1] then
    redis.call('ZADD', LEASES, 'XX', now + ARGV[2], ARGV[i])
    held = held + 1
  end
end
return held
