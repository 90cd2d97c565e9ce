-- The raw files into Redshift the classic way: one COPY for each raw table. Run it as
-- one script in one session, in the query editor or with psql. It empties both raw
-- tables and fills them anew, in one transaction: DELETE, as TRUNCATE would commit.
--
-- What `invoke load` does and a COPY by hand does not:
--   - It knows no files: all are read each time, a second copy of one is loaded twice,
--     and packed ones (.gz) would need a COPY of their own, with `gzip`.
--   - COPY cannot tell of which file and line a row is. As the models want a lineage,
--     _load_id is 0, _source_uri the prefix, _line null. So nobody can say which of two
--     deliveries of one event, if they differ, is the later one.
--   - The ledger learns of nothing: its tables are made, as models read them, and stay
--     as they are. So nobody knows what is new since the last build: it takes
--     `dbt build --vars "copied_by_hand: true"`, which builds all of it anew and leaves
--     out the tests that compare with the ledger. Go back with `invoke load
--     --full-refresh`, as it may take these rows for its own, and then
--     `dbt build --full-refresh`.
--   - One bad object stops it all (maxerror 0). With a greater number bad objects are
--     left out: the last query lists them, for as long as Redshift remembers.
--   - A key that a file lacks or misspells is a null, without a word.
--   - Thousands of small files are slow: COPY opens each of them.

create schema if not exists staging;

create schema if not exists load;

create table if not exists staging.staging_events (
    artist varchar(1024),
    auth varchar(32),
    firstname varchar(256),
    gender varchar(16),
    iteminsession integer,
    lastname varchar(256),
    length double precision,
    level varchar(16),
    location varchar(1024),
    method varchar(16),
    page varchar(64),
    registration double precision,
    sessionid bigint,
    song varchar(1024),
    status integer,
    ts bigint,
    useragent varchar(1024),
    userid varchar(64),
    _load_id bigint,
    _source_uri varchar(1024),
    _line integer
)
diststyle even;

create table if not exists staging.staging_songs (
    num_songs integer,
    artist_id varchar(96),
    artist_latitude double precision,
    artist_longitude double precision,
    artist_location varchar(1024),
    artist_name varchar(1024),
    song_id varchar(96),
    title varchar(1024),
    duration double precision,
    year integer,
    _load_id bigint,
    _source_uri varchar(1024),
    _line integer
)
diststyle even;

create table if not exists load.load_runs (
    load_id bigint,
    target varchar(64),
    status varchar(16),
    started_at timestamp,
    finished_at timestamp,
    seconds double precision,
    files_new integer,
    files_changed integer,
    files_same integer,
    files_duplicate integer,
    files_gone integer,
    files_rejected integer,
    rows_staged bigint,
    rows_rejected bigint,
    engine varchar(16),
    code_version varchar(64),
    landing varchar(1024),
    sample varchar(64),
    args varchar(256),
    message varchar(4096)
)
diststyle even sortkey (load_id);

create table if not exists load.load_files (
    load_id bigint,
    target varchar(64),
    uri varchar(1024),
    etag varchar(128),
    stamp varchar(128),
    bytes bigint,
    modified_at timestamp,
    status varchar(16),
    superseded_by bigint,
    rows_in_file bigint,
    rows_staged bigint,
    rows_rejected bigint,
    seconds double precision,
    extra_keys varchar(4096),
    missing_keys varchar(4096),
    note varchar(1024)
)
diststyle even sortkey (load_id);

create table if not exists load.load_rejects (
    load_id bigint,
    target varchar(64),
    uri varchar(1024),
    "line" bigint,
    "column" varchar(64),
    reason varchar(64),
    message varchar(1024),
    "raw" varchar(4096),
    "at" timestamp
)
diststyle even sortkey (load_id);

begin;

create temp table copied_staging_events (
    artist varchar(1024),
    auth varchar(32),
    firstname varchar(256),
    gender varchar(16),
    iteminsession integer,
    lastname varchar(256),
    length double precision,
    level varchar(16),
    location varchar(1024),
    method varchar(16),
    page varchar(64),
    registration double precision,
    sessionid bigint,
    song varchar(1024),
    status integer,
    ts bigint,
    useragent varchar(1024),
    userid varchar(64)
);

copy copied_staging_events (
    artist, auth, firstname, gender, iteminsession, lastname, length, level, location,
    method, page, registration, sessionid, song, status, ts, useragent, userid
)
from 's3://udacity-dend/log_data/'
iam_role default
region 'us-west-2'
format json 'auto ignorecase'
maxerror 0;

delete from staging.staging_events;

insert into staging.staging_events (
    artist, auth, firstname, gender, iteminsession, lastname, length, level, location,
    method, page, registration, sessionid, song, status, ts, useragent, userid,
    _load_id, _source_uri, _line
)
select
    artist, auth, firstname, gender, iteminsession, lastname, length, level, location,
    method, page, registration, sessionid, song, status, ts, useragent, userid,
    0, 's3://udacity-dend/log_data/', null
from copied_staging_events;

drop table copied_staging_events;

create temp table copied_staging_songs (
    num_songs integer,
    artist_id varchar(96),
    artist_latitude double precision,
    artist_longitude double precision,
    artist_location varchar(1024),
    artist_name varchar(1024),
    song_id varchar(96),
    title varchar(1024),
    duration double precision,
    year integer
);

copy copied_staging_songs (
    num_songs, artist_id, artist_latitude, artist_longitude, artist_location,
    artist_name, song_id, title, duration, year
)
from 's3://udacity-dend/song_data/'
iam_role default
region 'us-west-2'
format json 'auto ignorecase'
maxerror 0;

delete from staging.staging_songs;

insert into staging.staging_songs (
    num_songs, artist_id, artist_latitude, artist_longitude, artist_location,
    artist_name, song_id, title, duration, year,
    _load_id, _source_uri, _line
)
select
    num_songs, artist_id, artist_latitude, artist_longitude, artist_location,
    artist_name, song_id, title, duration, year,
    0, 's3://udacity-dend/song_data/', null
from copied_staging_songs;

drop table copied_staging_songs;

commit;

-- What this session's COPYs could not take
select
    trim(file_name) as file_name,
    line_number,
    trim(column_name) as column_name,
    error_code,
    trim(error_message) as error_message
from sys_load_error_detail
where session_id = pg_backend_pid()
order by start_time desc
limit 100;
