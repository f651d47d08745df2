-- Prepended to every script. All keys begin with the prefix ARGV[1]; all times are ms by Redis.
local P = ARGV[1]

-- State that a newer version has written in another form is not touched.
local schema = tonumber(redis.call('GET', P .. 'schema') or 0)
if schema > SCHEMA then return redis.error_reply('NEWERSTATE ' .. schema) end

local HI, LO, RETRY = P .. 'queue:hi', P .. 'queue:lo', P .. 'queue:retry'
local DELAYED = P .. 'queue:delayed' -- by the time from which they wait for a worker again
local OUTBOX = P .. 'webhooks' -- as versions before owners' shares filled it
local OUTBOXES = P .. 'outboxes' -- owners, by when the first delivery of each is due
local SERVED, ALIVE_SECONDS = P .. 'served', 10
local STANDBY = P .. 'standby' -- workers that wait for the next job, by until when
local WORKERS, WORKING = P .. 'workers', P .. 'working' -- all, and those that work, by their last sign
local LEASES, NOTIFIED, EVENTS, PACE = P .. 'leases', P .. 'bell', P .. 'events', P .. 'pace'
local DAY_MS = 86400 * 1000
local HOLD_MS = 30 * 1000 -- after each job of a batch; a batch whose process died holds no more then
local TOMBSTONE_MS, LONGEST_MS = 7 * DAY_MS, 31 * DAY_MS

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function job_key(id) return P .. 'job:' .. id end

-- How many jobs an owner has made today, by UTC.
local function used_key(owner) return P .. 'used:' .. math.floor(now / DAY_MS) .. ':' .. owner end

local function left_of_day() return DAY_MS - now % DAY_MS end

-- Quota held for running batches: count and expiry by token.
local function held_key(owner) return P .. 'held:' .. owner end

local function read_held(owner, token)
  local count, lapses = string.match(redis.call('HGET', held_key(owner), token) or '', '(%d+) (%d+)')
  return count and now < tonumber(lapses) and tonumber(count) or 0
end

local function hold_jobs(owner, token, count)
  redis.call('HSET', held_key(owner), token, string.format('%d %d', count, now + HOLD_MS))
  redis.call('PEXPIRE', held_key(owner), HOLD_MS)
end

-- Take one job from the quota that is held under this token; returns whether there was one.
local function spend_held(owner, token)
  local count = token ~= '' and read_held(owner, token) or 0
  if count > 0 then hold_jobs(owner, token, count - 1) end
  return count > 0
end

-- How much of today's quota an owner has used, or holds for batches.
local function used_today(owner)
  local used = tonumber(redis.call('GET', used_key(owner)) or 0)
  for _, token in ipairs(redis.call('HKEYS', held_key(owner))) do
    used = used + read_held(owner, token)
  end
  return used
end

local function count_waiting()
  return redis.call('ZCARD', HI) + redis.call('ZCARD', LO) + redis.call('ZCARD', RETRY)
end

-- How many jobs are served before the first of a queue.
local function count_before(queue)
  return redis.call('ZCARD', RETRY) + (queue == LO and redis.call('ZCARD', HI) or 0)
end

-- About how many jobs of an owner wait: by how many steps its last one stands behind what was taken
-- last (see enqueue.lua). Those that were canceled count until their turn would have come.
local function count_waiting_of(owner)
  local count = 0
  for _, queue in ipairs({HI, LO}) do
    local passed, own = unpack(redis.call('HMGET', queue .. ':fair', '', owner))
    local ahead = (tonumber(own) or 0) - (tonumber(passed) or 0)
    count = count + math.max(0, math.min(ahead, redis.call('ZCARD', queue)))
  end
  return count
end

-- How many jobs wait, for a worker or the photo store; and how many of this owner's, where it shares the queue with others.
local function queue_load(owner, shares)
  return count_waiting() + redis.call('ZCARD', DELAYED), shares and count_waiting_of(owner) or 0
end

-- Why an owner may add no job: as many wait as may, or as many of its own as there is room for
-- others. Returns nil | {"full" or "share", waiting, of its own, ms a job}
local function refusal(total, own, bound)
  local why = total >= bound and 'full' or own > 0 and own >= bound - total and 'share'
  if not why then return nil end
  return {why, total, own, redis.call('HGET', PACE, 'interval') or '0'}
end

-- For how many more jobs of an owner there is room, each of which adds to all and to its own.
local function room(total, own, bound) return math.floor((bound - total - own) / 2) - 1 end

-- Start-time fair queueing: each owner's next job stands one step behind its last one, so that
-- owners take turns however many jobs each has waiting.
local function next_turn(queue, owner)
  local fair = queue .. ':fair'
  local passed, last = unpack(redis.call('HMGET', fair, '', owner))
  local score = math.max(tonumber(passed) or 0, tonumber(last) or 0) + 1
  redis.call('HSET', fair, owner, score)
  return score
end

-- Jobs that waited long enough for the photo store wait for a worker again, in their old position.
-- Jobs that an older version kept in front of all others (RETRY) go behind their owner's last one.
local function wake_delayed()
  for _, id in ipairs(redis.call('ZRANGE', RETRY, 0, 199)) do
    redis.call('ZREM', RETRY, id)
    local state, queue, owner = unpack(redis.call('HMGET', job_key(id), 'state', 'queue', 'owner'))
    if state == 'queued' then redis.call('ZADD', queue, next_turn(queue, owner), id) end
  end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', DELAYED, '-inf', now, 'LIMIT', 0, 200)) do
    redis.call('ZREM', DELAYED, id)
    local state, queue, score = unpack(redis.call('HMGET', job_key(id), 'state', 'queue', 'score'))
    if state == 'queued' then redis.call('ZADD', queue, score, id) end
  end
end

-- Wake the worker that began to stand by last (see workers/standby.py); false where none does.
local function wake_standby()
  redis.call('ZREMRANGEBYSCORE', STANDBY, '-inf', now)
  local worker = redis.call('ZPOPMAX', STANDBY)[1]
  if not worker then return false end
  redis.call('ZADD', WORKING, time[1], worker)
  redis.call('RPUSH', P .. 'wake:' .. worker, 1)
  redis.call('PEXPIRE', P .. 'wake:' .. worker, 5000)
  return true
end

-- Whether no worker rests: each claims again, after what it works on, before it does.
local function all_work()
  local alive = redis.call('ZCOUNT', WORKERS, time[1] - ALIVE_SECONDS, '+inf')
  return alive > 0 and redis.call('ZCOUNT', WORKING, time[1] - ALIVE_SECONDS, '+inf') >= alive
end

-- 1 when the caller is to notify workers: none stands by, and at most every 3 s until one of them
-- claims.
local function notify()
  if wake_standby() then return 0 end
  return redis.call('SET', NOTIFIED, 1, 'NX', 'PX', 3000) and 1 or 0
end

-- See jobs/metrics.py, where every name is.
local function count_metric(name, by) redis.call('HINCRBY', P .. 'metrics', name, by) end

-- An owner's webhooks, by when they are due.
local function outbox_key(owner) return P .. 'outbox:' .. owner end

local function note_first_due(owner)
  local due = redis.call('ZRANGE', outbox_key(owner), 0, 0, 'WITHSCORES')[2]
  if due then redis.call('ZADD', OUTBOXES, due, owner) else redis.call('ZREM', OUTBOXES, owner) end
end

local function add_to_outbox(owner, id, due)
  redis.call('ZADD', outbox_key(owner), due, id)
  note_first_due(owner)
end

local function publish_change(id) redis.call('PUBLISH', EVENTS, id) end

-- Told apart, since who waits for a job's end need not look at it now.
local function publish_start(id) redis.call('PUBLISH', EVENTS, id .. ' running') end

-- At maxmemory Redis refuses to begin a script with a write that needs memory, but not to go on with
-- it. This write frees memory, so jobs under way can still be ended.
local function free_memory_first() redis.call('ZREM', LEASES, '') end

-- What is known of a new job: its key or id may have been used. An empty digest is like any other.
-- Returns {"known", id} | {"differs"} | {"taken"} | {"gone", when it expired} | nil
local function known_job(id, owner, key, digest)
  local function same(found) return digest == '' or found == digest end
  if key ~= '' then
    local of_key = redis.call('GET', P .. 'key:' .. key)
    local found = of_key and redis.call('HGET', job_key(of_key), 'digest')
    if found then return same(found) and {'known', of_key} or {'differs'} end
  end
  local whose, found = unpack(redis.call('HMGET', job_key(id), 'owner', 'digest'))
  local gone = redis.call('GET', P .. 'gone:' .. id)
  if not whose and not gone then return nil end
  if (whose or gone:match(' (.*)')) ~= owner then return {'taken'} end
  if not whose then return {'gone', gone:match('%d+')} end
  return same(found) and {'known', id} or {'differs'}
end

-- Entries whose record has expired are met at random and removed, so that they stay fewer than half.
local function forget_expired(list)
  for _, old in ipairs(redis.call('ZRANDMEMBER', list, 3)) do
    if redis.call('EXISTS', job_key(old)) == 0 then redis.call('ZREM', list, old) end
  end
end

-- An owner's jobs by the client's reference, with the scores that they have in the owner's list.
local function reference_key(owner, reference)
  return P .. 'ref:' .. owner .. ':' .. redis.sha1hex(reference)
end

-- Down to which score all jobs of an owner are found by their reference: 0 when all are.
local function indexed_key(owner) return P .. 'ref-indexed:' .. owner end

local function index_reference(id, owner, score)
  local options = redis.call('HGET', job_key(id), 'options')
  local reference = options and cjson.decode(options).client_ref
  if type(reference) ~= 'string' then return end
  local index = reference_key(owner, reference)
  redis.call('ZADD', index, score, id)
  redis.call('PEXPIRE', index, 2 * LONGEST_MS)
  forget_expired(index)
end

-- The record of a new job, its key, and its place in its owner's list. Scores there are the times
-- of acceptance, no two alike.
local function record_job(id, owner, key, fields)
  redis.call('HSET', job_key(id), 'created_at', now, 'owner', owner, 'key', key, unpack(fields))
  if key ~= '' then redis.call('SET', P .. 'key:' .. key, id) end
  local list = P .. 'owner:' .. owner
  local newest = redis.call('ZREVRANGE', list, 0, 0, 'WITHSCORES')[2]
  if not newest then redis.call('SET', indexed_key(owner), 0, 'PX', 2 * LONGEST_MS) end
  redis.call('ZADD', list, math.max(now, (tonumber(newest) or 0) + 0.001), id)
  index_reference(id, owner, redis.call('ZSCORE', list, id))
  forget_expired(list)
end

-- The one way into a terminal state: the record lives on for its ttl, its tombstone longer.
local function end_job(id, state, fields)
  free_memory_first()
  local key = job_key(id)
  local ttl, owner, name = unpack(redis.call('HMGET', key, 'ttl', 'owner', 'key'))
  local expires = string.format('%d', now + ttl)
  redis.call('HSET', key, 'state', state, 'finished_at', now, 'expires_at', expires, unpack(fields))
  redis.call('PEXPIRE', key, ttl)
  redis.call('PEXPIRE', P .. 'blobs:' .. id, ttl)
  if name then redis.call('PEXPIRE', P .. 'key:' .. name, ttl) end -- older records have none
  redis.call('PEXPIRE', P .. 'owner:' .. owner, LONGEST_MS)
  redis.call('SADD', P .. 'ended', id) -- its original photo is to be erased
  redis.call('SET', P .. 'gone:' .. id, expires .. ' ' .. owner, 'PX', ttl + TOMBSTONE_MS)
  redis.call('ZREM', LEASES, id)
  if redis.call('HEXISTS', key, 'webhook') == 1 then add_to_outbox(owner, id, now) end
  count_metric('jobs_ended_total|' .. state, 1)
  if state == 'failed' then
    local problem = cjson.decode(redis.call('HGET', key, 'error') or '{}')
    count_metric('job_failures_total|' .. string.match(problem.type or 'none', '[^/]+$'), 1)
  end
  publish_change(id)
end

-- Back to waiting, at this place of a queue.
local function requeue(id, attempts, queue, score)
  free_memory_first()
  local key = job_key(id)
  redis.call('HSET', key, 'state', 'queued', 'attempts', attempts)
  redis.call('HDEL', key, 'started_at')
  redis.call('ZREM', LEASES, id)
  redis.call('ZADD', queue, score, id)
  publish_change(id)
end

-- Once more, behind the last job that waits of its owner. It counted an attempt, so it runs alone.
local function try_again(id, attempts)
  local queue, owner = unpack(redis.call('HMGET', job_key(id), 'queue', 'owner'))
  local score = next_turn(queue, owner)
  redis.call('HSET', job_key(id), 'score', score)
  requeue(id, attempts, queue, score)
end
