using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Runs;

/// <summary>The binding against DuckDB's own SQL: what is appended is read back by plain SQL, and the other way round.</summary>
public sealed class DuckDbTests : IDisposable
{
    private readonly DuckDbConnection _database = new();

    public void Dispose() => _database.Dispose();

    [Fact]
    public void Values_of_every_kind_come_out_as_sql_made_them()
    {
        using var result = _database.Query(
            "SELECT 7::TINYINT, -300::SMALLINT, 70000, -5000000000, true, 1.5::FLOAT, 2.25, 'short', 'longer than twelve bytes: ä', [1, -2, 3], [0.5::FLOAT], NULL");
        using var chunk = result.Fetch()!;

        Assert.Equal(1, chunk.RowCount);
        Assert.Equal([7, -300, 70000, -5000000000, 1], Enumerable.Range(0, 5).Select(c => chunk.Integer(c, 0)));
        Assert.Equal((1.5, 7.0), (chunk.Number(5, 0), chunk.Number(0, 0)));
        Assert.Equal(["short", "longer than twelve bytes: ä"], [chunk.Text(7, 0), chunk.Text(8, 0)]);
        Assert.Equal([1, -2, 3], chunk.Integers(9, 0));
        Assert.Equal([0.5f], chunk.Numbers(10, 0));
        Assert.True(chunk.IsNull(11, 0));
        Assert.Throws<InvalidCastException>(() => chunk.Text(0, 0));
        Assert.Throws<InvalidCastException>(() => chunk.Integer(7, 0));
    }

    [Fact]
    public async Task A_query_is_watched_and_ended_from_another_thread()
    {
        _database.WatchProgress();
        var running = Task.Run(() => _database.Execute("CREATE TABLE t AS SELECT sum(hash(i)) AS s FROM range(1000000000000) r(i)"));
        while (!running.IsCompleted)
        {
            Assert.InRange(_database.Progress ?? 0, 0, 1);
            _database.Interrupt();
            await Task.WhenAny(running, Task.Delay(20));
        }

        Assert.Contains("nterrupt", (await Assert.ThrowsAsync<RolloutStoreException>(() => running)).Message, StringComparison.Ordinal);
        using var result = _database.Query("SELECT 3");
        Assert.Equal([3], result.ReadAll((c, r) => c.Integer(0, r)));
    }

    /// <summary>More rows than a vector holds, so that chunks follow each other, with lists of every length down to none.</summary>
    [Fact]
    public void Appended_rows_are_the_rows_of_the_table()
    {
        const int Rows = 5000;
        DuckDbColumn[] columns =
        [
            DuckDbColumn.Integer, DuckDbColumn.BigInt, DuckDbColumn.Float, DuckDbColumn.Double, DuckDbColumn.Text, DuckDbColumn.Integers,
            DuckDbColumn.Floats, DuckDbColumn.Texts,
        ];
        _database.Execute($"CREATE TABLE t ({string.Join(", ", columns.Select((c, i) => $"c{i} {DuckDbAppender.SqlName(c)}"))})");
        using (var appender = new DuckDbAppender(_database, "t", columns))
        {
            for (var i = 0; i < Rows; i++)
            {
                appender.Add((long?)i);
                appender.Add(i % 3 == 0 ? null : i * 10_000_000_000L);
                appender.Add(i % 5 == 0 ? null : i / 4.0);
                appender.Add((double?)(i / 8.0));
                appender.Add(i % 7 == 0 ? null : new string('x', i % 20));
                appender.Add(Enumerable.Range(0, i % 6).ToArray());
                appender.Add(Enumerable.Range(0, i % 4).Select(x => x / 2f).ToArray());
                appender.Add([.. Enumerable.Range(0, i % 3).Select(x => $"item number {x} of {i}")]);
                appender.EndRow();
            }

            appender.Flush();
        }

        const string Expected = """
            SELECT i::INTEGER, CASE WHEN i % 3 <> 0 THEN i * 10000000000 END, CASE WHEN i % 5 <> 0 THEN (i / 4)::FLOAT END, i / 8,
                CASE WHEN i % 7 <> 0 THEN repeat('x', i % 20) END, list_transform(range(i % 6), x -> x::INTEGER),
                list_transform(range(i % 4), x -> (x / 2)::FLOAT), list_transform(range(i % 3), x -> 'item number ' || x || ' of ' || i)
            FROM range(5000) AS r(i)
            """;
        Assert.Equal(Rows, Count("SELECT * FROM t"));
        Assert.Equal(0, Count($"SELECT * FROM t EXCEPT ALL ({Expected})"));
    }

    [Fact]
    public void Rows_that_do_not_fit_the_columns_are_refused()
    {
        _database.Execute("CREATE TABLE t (a INTEGER, b VARCHAR)");
        using var appender = new DuckDbAppender(_database, "t", [DuckDbColumn.Integer, DuckDbColumn.Text]);

        appender.Add((long?)1);
        Assert.Throws<InvalidOperationException>(appender.EndRow);
        Assert.Throws<InvalidOperationException>(() => appender.Add((long?)2));
        Assert.Throws<RolloutStoreException>(() => new DuckDbAppender(_database, "absent", [DuckDbColumn.Integer]));
    }

    [Fact]
    public void A_faulty_statement_is_one_line()
    {
        var fault = Assert.Throws<RolloutStoreException>(() => _database.Execute("SELECT nothing\nFROM nowhere"));

        Assert.DoesNotContain('\n', fault.Message);
        Assert.Contains("nowhere does not exist", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_and_texts_are_quoted()
    {
        Assert.Equal("it's", _database.Query($"SELECT {DuckDbConnection.Literal("it's")}").ReadAll((c, r) => c.Text(0, r)).Single());
        Assert.Equal("a\"b", _database.Query($"SELECT 1 AS {DuckDbConnection.Identifier("a\"b")}").Columns.Single());
    }

    private int Count(string sql)
    {
        using var result = _database.Query($"SELECT count(*) FROM ({sql})");
        return (int)result.ReadAll((c, r) => c.Integer(0, r)).Single();
    }
}
