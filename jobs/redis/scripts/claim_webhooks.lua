-- Claim deliveries that are due. Owners take turns: the next is always the owner with the fewest
-- running deliveries, and none has more than a share. Deliveries of expired jobs are dropped.
-- ARGV: prefix, most, lease ms, most of an owner, owner, how many it has under way, …
-- Returns {{job id, attempt, owner}, …}
local most, lease, share = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local under_way, taken, waiting = {}, {}, {}
for i = 5, #ARGV, 2 do under_way[ARGV[i]] = tonumber(ARGV[i + 1]) end

local function move_old_entries()
  for _, id in ipairs(redis.call('ZRANGE', OUTBOX, 0, 199)) do
    local owner, due = redis.call('HGET', job_key(id), 'owner'), redis.call('ZSCORE', OUTBOX, id)
    redis.call('ZREM', OUTBOX, id)
    if owner then add_to_outbox(owner, id, due) end
  end
end

-- Returns whether the owner had one that was due.
local function take_of(owner)
  local id = redis.call('ZRANGEBYSCORE', outbox_key(owner), '-inf', now, 'LIMIT', 0, 1)[1]
  if not id then return false end
  if redis.call('EXISTS', job_key(id)) == 0 then
    redis.call('ZREM', outbox_key(owner), id)
  else
    redis.call('ZADD', outbox_key(owner), now + lease, id)
    taken[#taken + 1] = {id, redis.call('HINCRBY', job_key(id), 'webhook_attempts', 1), owner}
    under_way[owner] = under_way[owner] + 1
  end
  return true
end

move_old_entries()
for _, owner in ipairs(redis.call('ZRANGEBYSCORE', OUTBOXES, '-inf', now, 'LIMIT', 0, 1000)) do
  waiting[owner], under_way[owner] = true, under_way[owner] or 0
end
local seen, looks = {}, 0
for count = 0, share - 1 do -- who has fewest under way comes first
  for owner in pairs(waiting) do
    while waiting[owner] and under_way[owner] == count and #taken < most and looks < 1000 do
      seen[owner], looks = true, looks + 1
      waiting[owner] = take_of(owner) or nil
    end
  end
end
for owner in pairs(seen) do note_first_due(owner) end
return taken
