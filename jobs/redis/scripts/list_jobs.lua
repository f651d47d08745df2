-- An owner's jobs, newest first, from among the next `most` ones that were accepted before `cursor`
-- and not before `since`.
-- ARGV: prefix, owner, "(cursor" or "+inf", since, count, most, state or "", client_ref or ""
-- Returns {cursor or "", id, …}: where to go on, unless all have been looked at.
local count, most, state, reference = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7], ARGV[8]
local list, cursor, found = P .. 'owner:' .. ARGV[2], ARGV[3], {''}

local function older(limit)
  return redis.call('ZREVRANGEBYSCORE', list, cursor, ARGV[4], 'WITHSCORES', 'LIMIT', 0, limit)
end

local function wanted(id)
  local is, options = unpack(redis.call('HMGET', job_key(id), 'state', 'options'))
  if not is or (state ~= '' and is ~= state) then return false end
  return reference == '' or cjson.decode(options).client_ref == reference
end

while most > 0 and #found <= count do
  local entries = older(math.min(count, most))
  if #entries == 0 then return found end
  for i = 1, #entries, 2 do
    if #found > count then break end
    if wanted(entries[i]) then found[#found + 1] = entries[i] end
    cursor = '(' .. entries[i + 1]
    most = most - 1
  end
end
if #older(1) > 0 then found[1] = string.sub(cursor, 2) end
return found
