-- Return a job that has not started to its place in the queue, as if it had never been claimed.
-- ARGV: prefix, id, attempt   Returns 1, or 0 when it was no longer held.
local held = redis.call('HMGET', job_key(ARGV[2]), 'state', 'attempts', 'queue', 'score', 'cancel')
if held[1] ~= 'running' or held[2] ~= ARGV[3] then return 0 end
if held[5] then
  end_job(ARGV[2], 'canceled', {})
  return 1
end
requeue(ARGV[2], ARGV[3] - 1, held[3], held[4])
return 1
