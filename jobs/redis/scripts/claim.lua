-- Take up to n jobs under a lease; one that already cost a worker its life is taken alone: not at
-- all, and nothing else either, by a worker that has other jobs in hand.
--
-- A job whose model the worker does not serve as it was when the job was accepted is left to another
-- worker that does. Where no such one is alive, its record says from now on what it is run with.
-- ARGV: prefix, n, lease ms, 1 with other jobs in hand, id of a model, the model as jobs record it, …
-- Returns {notify, {id, {field, value, …}}, …}; what was due before now expires unrun.
local most, lease = tonumber(ARGV[2]), tonumber(ARGV[3])
local MOST_LEFT = 200 -- of a queue, to other workers
local taken, served = {0}, {}
for i = 5, #ARGV, 2 do served[ARGV[i]] = ARGV[i + 1] end

-- The model of a job as it was accepted, and as this worker serves it; nil when that is the same.
local function changed_model(id)
  local accepted = next(served) and redis.call('HGET', job_key(id), 'model')
  if not accepted then return nil end
  local own = served[cjson.decode(accepted).id]
  if own == accepted then return nil end
  return accepted, own
end

local function is_for_another(id)
  local accepted = changed_model(id)
  local seen = accepted and redis.call('ZSCORE', SERVED, accepted)
  return seen and tonumber(seen) >= time[1] - ALIVE_SECONDS
end

local function take(id)
  local key = job_key(id)
  local state, start_by = unpack(redis.call('HMGET', key, 'state', 'start_by'))
  if state ~= 'queued' then return end
  if start_by and now > tonumber(start_by) then
    end_job(id, 'expired', {})
    return
  end
  local accepted, own = changed_model(id)
  if own then redis.call('HSET', key, 'model', own, 'accepted_model', accepted) end
  redis.call('HINCRBY', key, 'attempts', 1)
  redis.call('HSET', key, 'state', 'running', 'started_at', now)
  redis.call('ZADD', LEASES, now + lease, id)
  publish(id)
  taken[#taken + 1] = {id, redis.call('HGETALL', key)}
end

local function fill(queue, count)
  local left = 0
  while #taken - 1 < count and left < MOST_LEFT do
    local id, score = unpack(redis.call('ZRANGE', queue, left, left, 'WITHSCORES'))
    if not id then
      if left == 0 then redis.call('DEL', queue .. ':fair') end
      return
    end
    if is_for_another(id) then
      left = left + 1
    else
      redis.call('ZREM', queue, id)
      redis.call('HSET', queue .. ':fair', '', score)
      take(id)
    end
  end
end

free_memory_first()
wake_delayed()
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
