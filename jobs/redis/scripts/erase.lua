-- Note that the pictures of a job that has ended are erased.
-- ARGV: prefix, id
local state = redis.call('HGET', job_key(ARGV[2]), 'state')
if state and state ~= 'queued' and state ~= 'running' then
  go_on_without_memory()
  redis.call('HSET', job_key(ARGV[2]), 'erased', 1)
  tell(ARGV[2])
end
