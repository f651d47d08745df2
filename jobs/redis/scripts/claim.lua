-- Take up to n jobs under a lease; one that already cost a worker its life is taken alone: not at
-- all, and nothing else either, by a worker that has other jobs in hand.
-- ARGV: prefix, n, lease ms, 1 with other jobs in hand
-- Returns {notify, {id, {field, value, …}}, …}; what was due before now expires unrun.
local most, lease = tonumber(ARGV[2]), tonumber(ARGV[3])
local taken = {0}

local function take(id)
  local key = job_key(id)
  local start_by = redis.call('HGET', key, 'start_by')
  if start_by and now > tonumber(start_by) then
    end_job(id, 'expired', {})
    return
  end
  redis.call('HINCRBY', key, 'attempts', 1)
  redis.call('HSET', key, 'state', 'running', 'started_at', now)
  redis.call('ZADD', LEASES, now + lease, id)
  publish(id)
  taken[#taken + 1] = {id, redis.call('HGETALL', key)}
end

local function fill(queue, count)
  while #taken - 1 < count do
    local first = redis.call('ZPOPMIN', queue)
    if #first == 0 then
      redis.call('DEL', queue .. ':fair')
      return
    end
    redis.call('HSET', queue .. ':fair', '', first[2])
    take(first[1])
  end
end

free_memory_first()
if ARGV[4] ~= '1' then fill(RETRY, 1) end
if #taken == 1 and redis.call('ZCARD', RETRY) == 0 then
  fill(HI, most)
  fill(LO, most)
end
if count_waiting() == 0 then
  redis.call('DEL', NOTIFIED) -- the next job notifies at once
elseif redis.call('GET', NOTIFIED) ~= 'claim' then
  redis.call('SET', NOTIFIED, 'claim', 'PX', 250) -- others are notified, four times a second at most
  taken[1] = 1
end
return taken
