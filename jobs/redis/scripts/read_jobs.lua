-- Jobs as they are now: one command, since each costs the API more than it costs Redis.
-- ARGV: prefix, id, …
-- Returns {ms a job or nil, record, how many are before it or nil where it does not wait, record, …}
local found = {redis.call('HGET', PACE, 'interval')}

local function position(id)
  local before = 0
  for _, queue in ipairs({RETRY, HI, LO}) do
    local rank = redis.call('ZRANK', queue, id)
    if rank then return before + rank end
    before = before + redis.call('ZCARD', queue)
  end
  return false
end

for i = 2, #ARGV do
  local id = ARGV[i]
  local waits = redis.call('HGET', job_key(id), 'state') == 'queued'
  found[#found + 1] = redis.call('HGETALL', job_key(id))
  found[#found + 1] = waits and position(id)
end
return found
