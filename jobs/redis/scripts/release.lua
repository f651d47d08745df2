-- Give an unstarted job back to the place that it had, as if it had never been claimed; one that
-- already cost a worker its life, to those that are taken alone.
-- ARGV: prefix, id, attempt   Returns 1, or 0 when it was no longer held.
local held = redis.call('HMGET', job_key(ARGV[2]), 'state', 'attempts', 'queue', 'score', 'cancel')
if held[1] ~= 'running' or held[2] ~= ARGV[3] then return 0 end
if held[5] then
  end_job(ARGV[2], 'canceled', {})
  return 1
end
local before = ARGV[3] - 1
if before > 0 then
  requeue(ARGV[2], before, RETRY, now)
else
  requeue(ARGV[2], before, held[3], held[4])
end
return 1
