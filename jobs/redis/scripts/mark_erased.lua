-- Note that the pictures of a job that has ended are erased.
-- ARGV: prefix, id
local state = redis.call('HGET', job_key(ARGV[2]), 'state')
if state and state ~= 'queued' and state ~= 'running' then
  free_memory_first()
  redis.call('HSET', job_key(ARGV[2]), 'erased', 1)
  publish_change(ARGV[2])
end
