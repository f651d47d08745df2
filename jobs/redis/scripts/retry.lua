-- Run a held job once more, alone, since its worker could not go on with it. The attempt counts.
-- ARGV: prefix, id, attempt, most attempts
-- Returns 1; or 0 when the job was no longer held, or is out of attempts.
local id, attempt, most = ARGV[2], ARGV[3], tonumber(ARGV[4])
local held = redis.call('HMGET', job_key(id), 'state', 'attempts', 'cancel')
if held[1] ~= 'running' or held[2] ~= attempt then return 0 end
if held[3] then
  end_job(id, 'canceled', {})
  return 1
end
if tonumber(attempt) >= most then return 0 end
free_memory_first()
try_again(id, attempt)
return 1
