"""What of Redshift's SQL the stand-in knows: functions, types, words.

As much as the project's models and macros use, and dbt's own macros for Redshift. Take
in another when a model needs it, and only with the meaning that Redshift gives it: from
its Database Developer Guide, which is the source of everything here.
"""

from __future__ import annotations

# How many arguments each takes; None: any number. PostgreSQL's own function means the
# same, or catalog.sql has one that does, or dialect.py rewrites the call.
FUNCTIONS: dict[str, tuple[int, ...] | None] = {
    # conditions and types
    "coalesce": None,
    "nvl": None,
    "nullif": (2,),
    "greatest": None,
    "least": None,
    "cast": (1,),
    # aggregates and windows
    "count": (1,),
    "sum": (1,),
    "avg": (1,),
    "min": (1,),
    "max": (1,),
    "bool_and": (1,),
    "bool_or": (1,),
    "listagg": (1, 2),
    "row_number": (0,),
    "rank": (0,),
    "dense_rank": (0,),
    "lag": (1, 2),
    "lead": (1, 2),
    "first_value": (1,),
    "last_value": (1,),
    # text
    "lower": (1,),
    "upper": (1,),
    "trim": (1,),
    "btrim": (1, 2),
    "ltrim": (1, 2),
    "rtrim": (1, 2),
    "len": (1,),
    "length": (1,),
    "octet_length": (1,),
    "left": (2,),
    "right": (2,),
    "substring": (1, 2, 3),
    "position": (1,),
    "strpos": (2,),
    "replace": (3,),
    "concat": (2,),
    "split_part": (3,),
    "regexp_replace": (3,),
    "regexp_substr": (2,),
    "md5": (1,),
    # numbers
    "abs": (1,),
    "ceil": (1,),
    "floor": (1,),
    "mod": (2,),
    "round": (1, 2),
    # time
    "getdate": (0,),
    "dateadd": (3,),
    "datediff": (3,),
    "date_trunc": (2,),
    "extract": (1,),
    # the system
    "current_schema": (0,),
    "current_database": (0,),
    "format_type": (2,),
    "has_schema_privilege": (2, 3),
    "has_table_privilege": (2, 3),
    "pg_backend_pid": (0,),
    "pg_get_late_binding_view_cols": (0,),
    "pg_last_copy_id": (0,),
    "pg_terminate_backend": (1,),
    "version": (0,),
}

# PostgreSQL has them, Redshift has not: what it has instead
LACKING_FUNCTIONS = {
    "array_agg": "use LISTAGG",
    "date_bin": "use DATE_TRUNC",
    "format": "join the parts with ||",
    "gen_random_uuid": "make a key of the row's own values, as with MD5",
    "generate_series": "it runs on the leader node only and cannot be joined to tables",
    "json_agg": "use LISTAGG",
    "jsonb_agg": "use LISTAGG",
    "make_date": "use TO_DATE",
    "mode": "count and rank instead",
    "regexp_matches": "use REGEXP_SUBSTR",
    "row_to_json": "Redshift has no type json",
    "string_agg": "use LISTAGG … WITHIN GROUP",
    "string_to_array": "use SPLIT_PART",
    "to_json": "Redshift has no type json",
    "to_jsonb": "Redshift has no type json",
    "unnest": "Redshift has no arrays",
}

# Over a window with ORDER BY they need a frame; PostgreSQL would assume one
FRAMED = {
    *("avg", "bool_and", "bool_or", "count", "first_value"),
    *("last_value", "max", "min", "sum"),
}

DATE_PARTS = {
    *("microsecond", "millisecond", "second", "minute", "hour", "day", "week"),
    *("month", "quarter", "year"),
}
EXTRACTED = {
    *("second", "minute", "hour", "day", "doy", "dow", "month", "quarter", "year"),
    "epoch",
}

# Each as PostgreSQL has it; None: only with the length behind it
TYPES: dict[str, str] = {
    "VARCHAR": "varchar",
    "CHARACTER VARYING": "varchar",
    "TEXT": "varchar",
    "CHAR": "char",
    "CHARACTER": "char",
    "NUMERIC": "numeric",
    "DECIMAL": "numeric",
    "SMALLINT": "smallint",
    "INT2": "smallint",
    "INTEGER": "integer",
    "INT": "integer",
    "INT4": "integer",
    "BIGINT": "bigint",
    "INT8": "bigint",
    "REAL": "real",
    "FLOAT4": "real",
    "DOUBLE PRECISION": "double precision",
    "FLOAT8": "double precision",
    "FLOAT": "double precision",
    "BOOLEAN": "boolean",
    "BOOL": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITHOUT TIME ZONE": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "TIMESTAMPTZ": "timestamptz",
}
DEFAULT_LENGTHS = {"varchar": "(256)", "char": "(1)", "numeric": "(18,0)"}
LONGEST = {"varchar": 65_535, "char": 4_096, "numeric": 38}
LACKING_TYPES = {
    *("JSON", "JSONB", "UUID", "SERIAL", "BIGSERIAL", "SMALLSERIAL", "BYTEA", "MONEY"),
    *("XML", "INET", "CIDR", "HSTORE", "TSVECTOR", "REGCLASS", "REGTYPE", "BIT"),
}

# Words one after another that PostgreSQL takes and Redshift does not
LACKING = {
    ("ON", "CONFLICT"): "ON CONFLICT: delete and insert in one transaction, or MERGE",
    ("DISTINCT", "ON"): "DISTINCT ON: use QUALIFY ROW_NUMBER()",
    ("FILTER", "("): "FILTER: use CASE inside the aggregate",
    ("RETURNING",): "RETURNING",
    ("LATERAL",): "LATERAL",
    ("ARRAY", "["): "arrays",
    ("TABLESAMPLE",): "TABLESAMPLE",
    ("WITH", "ORDINALITY"): "WITH ORDINALITY",
    ("IS", "DISTINCT", "FROM"): "IS DISTINCT FROM",
    ("IS", "NOT", "DISTINCT", "FROM"): "IS NOT DISTINCT FROM",
    ("AS", "MATERIALIZED"): "MATERIALIZED for a common table expression",
    ("FOR", "UPDATE"): "FOR UPDATE: use LOCK",
}
OPERATORS = {
    *("(", ")", ",", ".", ";", "+", "-", "*", "/", "%", "||", "::", "$"),
    *("=", "<", ">", "<=", ">=", "<>", "!=", "~"),
}

# Reserved in Redshift, free in PostgreSQL. Those of COPY and of tables are not meant:
# they are gone from a statement before it is looked at.
RESERVED = {
    *("AES128", "AES256", "ALLOWOVERWRITE", "BACKUP", "BLANKSASNULL", "BYTEDICT"),
    *("BZIP2", "CREDENTIALS", "CURRENT_USER_ID", "DEFLATE", "DEFRAG", "DELTA"),
    *("DELTA32K", "EMPTYASNULL", "ENCODE", "ENCRYPT", "ENCRYPTION", "EXPLICIT"),
    *("GLOBALDICT256", "GLOBALDICT64K", "GZIP", "IDENTITY", "IGNORE", "LUN", "LUNS"),
    *("LZO", "LZOP", "MINUS", "MOSTLY16", "MOSTLY32", "MOSTLY8", "NEW", "OFFLINE"),
    *("OFF", "OID", "OLD", "OPEN", "PARALLEL", "PERCENT", "PERMISSIONS", "PIVOT"),
    *("RAW", "READRATIO", "RECOVER", "REJECTLOG", "RESORT", "RESPECT", "RESTORE"),
    *("SNAPSHOT", "SYSTEM", "TAG", "TDES", "TEXT255", "TEXT32K", "TOP"),
    *("TRUNCATECOLUMNS", "UNPIVOT", "WALLET"),
}

# What may stand before a parenthesis without being a function
BEFORE_PARENTHESIS = {
    *("ALL", "AND", "ANY", "AS", "BETWEEN", "BY", "CASE", "DISTINCT", "ELSE", "EXCEPT"),
    *("EXISTS", "FROM", "GROUP", "HAVING", "IN", "INSERT", "INTERSECT", "INTO", "IS"),
    *("JOIN", "LIKE", "LIMIT", "NOT", "ON", "OR", "OVER", "QUALIFY", "SELECT", "SET"),
    *("SIMILAR", "SOME", "THEN", "TO", "UNION", "USING", "VALUES", "WHEN", "WHERE"),
    *("ILIKE", "TABLE"),
}
# What stands before a name that a parenthesis may follow
BEFORE_NAME = {"AS", "EXISTS", "INTO", "RECURSIVE", "TABLE", "VIEW", "WITH"}

SETTINGS = {"search_path", "statement_timeout", "query_group", "timezone"}
