#!lua name=paysentry_velocity_v1

-- The grammar of a journal is at the head of journal-codec.ts. No arithmetic on records: windows are computed by the caller.

local HEADER_BYTES = 32
local FOREIGN, WHOLE, LONG, FULL = 0, 1, 2, 3

-- Writes to the same journal of the next edition and says nothing of it.
local function append_twin(key, records, retention_ms, header, most_length)
  if #records == 0 then return end
  local length = redis.call('STRLEN', key)
  if length == 0 then
    redis.call('SET', key, header .. records, 'PX', retention_ms)
  elseif length <= most_length then
    redis.call('APPEND', key, records)
    redis.call('PEXPIRE', key, retention_ms)
  end
end

-- Purpose   Appends records to journals and says what stands between the caller's cached part and its own records. One call a batch.
-- KEYS      The marker of the editions, then the journals, each once, then while a rebuild ends the same journals of the next edition.
-- ARGV[1]   Retention in milliseconds, in decimal digits.
-- ARGV[2]   Two headers of 32 bytes, for journals that this call creates: of this edition and of the next one.
-- ARGV[3]   For each journal in turn: known header (32 bytes, zeros when the caller knows nothing), known length u32,
--           length of the records u32, the records. Little-endian. One argument, because a thousand cost more to parse.
-- ARGV[4]   The most bytes to answer for one journal.
-- ARGV[5]   A journal that is longer takes no more records.
-- ARGV[6]   How many journals.
-- ARGV[7]   What the marker must say, or nothing is done. Empty: KEYS begins with the journals.
-- Returns   What the marker says (empty: nothing), as a text, when that is something else. Otherwise a list:
--           only journals that have something to say, as triples: index of the journal, what, bytes. Nothing said: nothing stands between.
--           0 the bytes that stand between the known length and the caller's own records · 1 the whole journal up to the caller's own
--           records, because the known header or length was not (or no longer) right · 2 nothing, because it would be too much for one
--           answer: read it in parts · 3 nothing, and nothing was appended: the journal is full.
-- Errors    WRONGTYPE or JOURNAL with the key that holds no journal of this format. Keys before it are appended to by then,
--           which a repeated call makes good: a second record with the same id does not count.
-- Complexity  O(keys + bytes in and out); three commands a key.
-- Expiry    Every journal of the call expires one retention time after it. The marker does not expire.
local function append(keys, args)
  local retention_ms, packed, believed = args[1], args[3], args[7]
  local most_answer, most_length, journals = tonumber(args[4]), tonumber(args[5]), tonumber(args[6])
  local call, unpack, sub = redis.call, struct.unpack, string.sub
  local before = 0
  if believed ~= '' then
    local said = call('GET', keys[1]) or ''
    if said ~= believed then return said end
    before = 1
  end
  local new_header, twin_header = sub(args[2], 1, HEADER_BYTES), sub(args[2], HEADER_BYTES + 1)
  local tag = sub(new_header, 1, 4)
  local replies, said = {}, 0
  local at = 1
  for index = 1, journals do
    local key, twin = keys[before + index], keys[before + journals + index]
    local known_header, known_length, size = unpack('<c32I4I4', packed, at)
    local records = sub(packed, at + 40, at + 39 + size)
    at = at + 40 + size

    local header = redis.pcall('GETRANGE', key, 0, HEADER_BYTES - 1)
    local what, bytes = nil, nil
    local from, length = 0, 0
    if header == '' then
      call('SET', key, new_header .. records, 'PX', retention_ms)
      what, bytes = WHOLE, new_header
    elseif type(header) == 'table' then
      return redis.error_reply(header.err .. ': ' .. key)
    elseif sub(header, 1, 4) ~= tag then
      return redis.error_reply('JOURNAL of another format or no journal: ' .. key)
    else
      local is_known = header == known_header
      if (is_known and known_length or call('STRLEN', key)) > most_length then
        what, bytes = FULL, ''
      else
        length = call('APPEND', key, records) - size
        call('PEXPIRE', key, retention_ms)
        if not is_known or length < known_length then
          what = WHOLE
        elseif length > known_length then
          what, from = FOREIGN, known_length
        end
      end
    end
    if twin then append_twin(twin, records, retention_ms, twin_header, most_length) end
    if what and not bytes then
      if length - from > most_answer then
        what, bytes = LONG, ''
      else
        bytes = call('GETRANGE', key, from, length - 1)
      end
    end
    if what then
      replies[said + 1] = index
      replies[said + 2] = what
      replies[said + 3] = bytes
      said = said + 3
    end
  end
  return replies
end

-- Purpose   Reads a part of a journal together with its header, so that the caller sees when it was rewritten meanwhile.
-- KEYS[1]   The journal.
-- ARGV[1]   First byte, from 0.  ARGV[2]  Last byte, inclusive.
-- Returns   Header, length of the journal, the bytes. Header '' and length 0: there is no journal.
-- Complexity  O(bytes out).
local function read(keys, args)
  local key = keys[1]
  return {
    redis.call('GETRANGE', key, 0, HEADER_BYTES - 1),
    redis.call('STRLEN', key),
    redis.call('GETRANGE', key, args[1], args[2]),
  }
end

-- Purpose   Replaces the beginning of a journal, if nobody did so before. What was appended meanwhile stays.
-- KEYS[1]   The journal.
-- ARGV[1]   The header that it must have.  ARGV[2]  How many bytes are replaced.  ARGV[3]  What takes their place, with a header of its own.
-- Returns   1 when done, 0 when the journal has another header, or is shorter.
-- Complexity  O(length of the journal).
-- Expiry    Stays as it was.
local function coalesce(keys, args)
  local key, header, length, replacement = keys[1], args[1], tonumber(args[2]), args[3]
  if redis.call('GETRANGE', key, 0, HEADER_BYTES - 1) ~= header or redis.call('STRLEN', key) < length then
    return 0
  end
  redis.call('SET', key, replacement .. redis.call('GETRANGE', key, length, -1), 'KEEPTTL')
  return 1
end

-- Purpose   Says which edition is in force, and changes it if nobody did before.
-- KEYS[1]   The marker.
-- ARGV[1]   What it must say, empty for nothing.  ARGV[2]  What it says from then on. Both absent: nothing is changed.
-- Returns   What it says by now, empty for nothing.
-- Complexity  O(1).
-- Expiry    None.
local function edition(keys, args)
  local said = redis.call('GET', keys[1]) or ''
  if args[2] and said == args[1] then
    redis.call('SET', keys[1], args[2])
    return args[2]
  end
  return said
end

redis.register_function('paysentry_velocity_v1_append', append)
redis.register_function('paysentry_velocity_v1_read', read)
redis.register_function('paysentry_velocity_v1_coalesce', coalesce)
redis.register_function('paysentry_velocity_v1_edition', edition)
