-- Claim up to n jobs under a lease. A job over which a worker was lost is claimed alone, when its turn
-- has come. A worker that has other jobs gets neither it nor any job behind it.
--
-- A job that was accepted for another version of a model than the worker serves is left to a worker
-- that serves that version. If none is alive, the record is changed to the version that runs it.
-- ARGV: prefix, n, lease ms, 1 with other jobs in hand, id of a model, the model as jobs record it, …
-- Returns {notify, {id, {field, value, …}, 1 where no other job runs or waits}, …}; what was due before
-- now expires unrun.
local most, lease = tonumber(ARGV[2]), tonumber(ARGV[3])
local busy = ARGV[4] == '1'
local MOST_LEFT = 200 -- of a queue, to other workers
local taken, served = {0}, {}
for i = 5, #ARGV, 2 do served[ARGV[i]] = ARGV[i + 1] end

local function read(id)
  local names = {'state', 'attempts', 'start_by', 'model'}
  local state, attempts, start_by, model = unpack(redis.call('HMGET', job_key(id), unpack(names)))
  return {
    id = id,
    waits = state == 'queued',
    is_late = start_by and now > tonumber(start_by),
    is_suspect = tonumber(attempts or 0) > 0,
    model = model,
    own = next(served) and model and served[cjson.decode(model).id] or nil,
  }
end

local function is_for_another(job)
  if not next(served) or not job.model or job.own == job.model then return false end
  local seen = redis.call('ZSCORE', SERVED, job.model)
  return seen and tonumber(seen) >= time[1] - ALIVE_SECONDS
end

local function take(job)
  if not job.waits then return end
  if job.is_late then
    end_job(job.id, 'expired', {})
    return
  end
  local key = job_key(job.id)
  if job.own and job.own ~= job.model then
    redis.call('HSET', key, 'model', job.own, 'accepted_model', job.model)
  end
  redis.call('HINCRBY', key, 'attempts', 1)
  redis.call('HSET', key, 'state', 'running', 'started_at', now)
  redis.call('ZADD', LEASES, now + lease, job.id)
  publish_start(job.id)
  taken[#taken + 1] = {job.id, redis.call('HGETALL', key)}
end

-- Workers ask again and again. Where there is nothing, nothing may be written: for Redis 6 even a write
-- without effect is one more sync of its journal.
local function drop(key)
  if redis.call('EXISTS', key) == 1 then redis.call('DEL', key) end
end

-- Returns whether more may be taken.
local function fill(queue, count)
  local left = 0
  while #taken - 1 < count and left < MOST_LEFT do
    local id, score = unpack(redis.call('ZRANGE', queue, left, left, 'WITHSCORES'))
    if not id then
      if left == 0 then drop(queue .. ':fair') end
      return true
    end
    local job = read(id)
    if is_for_another(job) then
      left = left + 1
    elseif job.is_suspect and (busy or #taken > 1) then
      return false
    else
      redis.call('ZREM', queue, id)
      local passed = tonumber(redis.call('HGET', queue .. ':fair', '') or 0)
      redis.call('HSET', queue .. ':fair', '', math.max(passed, tonumber(score)))
      take(job)
      if job.is_suspect and #taken > 1 then return false end
    end
  end
  return true
end

if count_waiting() > 0 or redis.call('ZCOUNT', DELAYED, '-inf', now) > 0 then
  free_memory_first()
  wake_delayed()
end
if fill(HI, most) then fill(LO, most) end
if count_waiting() == 0 then
  drop(NOTIFIED) -- the next job notifies at once
elseif not all_work() and not wake_standby() and redis.call('GET', NOTIFIED) ~= 'claim' then
  redis.call('SET', NOTIFIED, 'claim', 'PX', 250) -- others are notified, four times a second at most
  taken[1] = 1
end
local is_alone = #taken == 2 and count_waiting() == 0 and redis.call('ZCARD', LEASES) == 1
if is_alone then taken[2][3] = 1 end
return taken
