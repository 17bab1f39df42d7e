-- Small tables of edge values that the random queries read. One statement each, parted by a line with a semicolon.
CREATE OR REPLACE TEMP VIEW numbers AS SELECT * FROM VALUES
  (1, 1, 1L, 1Y, 1S, 1.0D, 1.0F, 1.00BD, true),
  (2, -1, -1L, -1Y, -1S, -1.5D, -1.5F, -1.50BD, false),
  (3, 0, 0L, 0Y, 0S, 0.0D, 0.0F, 0.00BD, NULL),
  (4, 2147483647, 9223372036854775807L, 127Y, 32767S, 1.7976931348623157E308D, 3.4028234E38F, 99999999.99BD, true),
  (5, -2147483648, bigint('-9223372036854775808'), tinyint('-128'), smallint('-32768'), 4.9E-324D, 2E-45F, -99999999.99BD, false),
  (6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (7, 42, 42L, 42Y, 42S, double('NaN'), float('NaN'), 12.34BD, true),
  (8, 7, 3000000000L, 7Y, 300S, double('Infinity'), float('Infinity'), 0.01BD, false),
  (9, 100, 100L, 100Y, 100S, double('-Infinity'), float('-Infinity'), 0.05BD, true),
  (10, 42, 42L, -42Y, 42S, -0.0D, -0.0F, 2.50BD, true)
AS numbers(id, i, l, y, s, d, f, n, b)
;
CREATE OR REPLACE TEMP VIEW words AS SELECT * FROM VALUES
  (1, 'a', 'apple', X'01', 1), (2, '', ' padded ', X'', 2), (3, NULL, NULL, NULL, NULL), (4, 'b', 'Banana', X'00FF', 2),
  (5, 'a', '12', X'3132', 4), (6, 'ß', 'ünïcode 日本', X'C3A9', 5), (7, 'c', '3.75', X'7F80', 1), (8, 'b', '2020-02-29', X'616263', 7),
  (9, '😀', 'it''s "q"', X'0A', 9), (10, 'c', 'a,b,,c', X'20', 10), (11, 'd', 'true', X'01', 42), (12, 'a', 'line\nbreak\ttab', X'02', NULL)
AS words(id, k, t, x, r)
;
CREATE OR REPLACE TEMP VIEW times AS SELECT * FROM VALUES
  (1, date '2020-02-29', timestamp '2020-02-29 12:34:56.789', timestamp_ntz '2020-02-29 12:34:56.789', interval '1 02:03:04' day to second),
  (2, date '1970-01-01', timestamp '1970-01-01 00:00:00', timestamp_ntz '1970-01-01 00:00:00', interval '0 00:00:00' day to second),
  (3, date '1969-12-31', timestamp '1969-12-31 23:59:59.999999', timestamp_ntz '1969-12-31 23:59:59.999999', interval '-0 00:00:01' day to second),
  (4, date '2020-03-08', timestamp '2020-03-08 10:30:00', timestamp_ntz '2020-03-08 02:30:00', interval '30 00:00:00' day to second),
  (5, date '2020-11-01', timestamp '2020-11-01 05:30:00', timestamp_ntz '2020-11-01 01:30:00', NULL),
  (6, NULL, NULL, NULL, interval '0 12:00:00' day to second),
  (7, date '9999-12-31', timestamp '9999-12-31 23:59:59', timestamp_ntz '9999-12-31 23:59:59', interval '365 00:00:00' day to second),
  (8, date '1900-03-01', timestamp '1900-03-01 01:02:03', timestamp_ntz '1900-03-01 01:02:03', interval '-1 00:00:00' day to second),
  (9, date '2019-12-30', timestamp '2019-12-30 23:00:00', timestamp_ntz '2019-12-30 23:00:00', interval '0 00:00:00.5' day to second),
  (10, date '2021-01-03', timestamp '2021-01-03 06:07:08.9', timestamp_ntz '2021-01-03 06:07:08.9', interval '1 02:03:04' day to second)
AS times(id, dt, ts, tn, iv)
;
CREATE OR REPLACE TEMP VIEW nested AS SELECT * FROM VALUES
  (1, array(1, 2, 3), array('x', 'y'), map('a', 1, 'b', 2), named_struct('p', 1, 'q', 'one')),
  (2, array(), array(), map(), named_struct('p', NULL, 'q', NULL)),
  (3, NULL, NULL, NULL, NULL),
  (4, array(NULL, 5, 5), array(NULL, 'z', 'z'), map('a', NULL), named_struct('p', 4, 'q', '')),
  (5, array(2147483647, -2147483648), array('', ' '), map('', 0, 'é', -1), named_struct('p', -5, 'q', 'five')),
  (7, array(3, 1, 2, 3), array('b', 'a', 'b'), map('k', 7), named_struct('p', 1, 'q', 'one'))
AS nested(id, ai, at, m, st)
;
CREATE OR REPLACE TEMP VIEW facts AS SELECT * FROM VALUES
  (1, 'red', 1, 10.50BD, date '2020-01-01'), (2, 'red', 2, 20.25BD, date '2020-01-02'), (3, 'blue', 1, NULL, date '2020-01-02'),
  (4, 'blue', 3, 5.00BD, date '2020-02-01'), (5, NULL, 2, 7.75BD, NULL), (6, 'green', NULL, -3.10BD, date '2020-02-01'),
  (7, 'red', 1, 10.50BD, date '2020-03-01'), (8, 'blue', 5, 0.00BD, date '2020-03-01'), (9, 'green', 4, 99.99BD, date '2020-03-15'),
  (10, 'red', 5, 1.00BD, date '2020-12-31'), (11, 'green', 2, 2.00BD, date '2020-01-01'), (12, NULL, 3, 3.00BD, date '2019-12-31')
AS facts(id, g, q, amt, day)
