using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Runs;

public sealed class RunDirectoryTests : IDisposable
{
    private static readonly FixedClock NewYear = new(new DateTimeOffset(2031, 1, 2, 3, 4, 5, TimeSpan.Zero));

    private readonly TemporaryFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void A_fresh_run_is_named_after_its_recipe_and_the_time_in_utc()
    {
        var lateInTheWest = new FixedClock(new DateTimeOffset(2030, 12, 31, 23, 4, 5, TimeSpan.FromHours(-4)));
        using var run = RunDirectory.Create(_root.File("runs"), "quickstart", lateInTheWest);
        Assert.Equal(_root.File("runs/quickstart-20310101-030405"), run.Path);
        Assert.True(Directory.Exists(run.CheckpointsPath));
    }

    [Fact]
    public void Runs_of_the_same_second_get_folders_of_their_own_also_when_they_race()
    {
        var paths = new string[24];
        Parallel.For(0, paths.Length, i =>
        {
            using var run = RunDirectory.Create(_root.Path, "r", NewYear);
            paths[i] = run.Path;
        });
        Assert.Equal(paths.Length, paths.Distinct().Count());
        Assert.Contains(_root.File("r-20310102-030405"), paths);
        Assert.Contains(_root.File("r-20310102-030405-2"), paths);
    }

    [Fact]
    public void A_recipe_name_cannot_leave_the_runs_folder()
    {
        using var run = RunDirectory.Create(_root.Path, "../a b", NewYear);
        Assert.Equal(_root.File("..-a-b-20310102-030405"), run.Path);
    }

    [Fact]
    public void A_named_folder_may_be_new_or_empty_but_not_hold_anything()
    {
        RunDirectory.CreateAt(_root.File("a/b")).Dispose();
        Directory.CreateDirectory(_root.File("empty"));
        RunDirectory.CreateAt(_root.File("empty")).Dispose();
        Directory.CreateDirectory(_root.File("full"));
        File.WriteAllText(_root.File("full/x"), "");
        var error = Assert.Throws<RunException>(() => RunDirectory.CreateAt(_root.File("full")));
        Assert.Equal($"the run folder {_root.File("full")} is not empty; give --run-dir a folder that does not exist or is empty", error.Message);
        Assert.Equal(["x"], Directory.GetFileSystemEntries(_root.File("full")).Select(Path.GetFileName));
    }

    [Fact]
    public void A_named_folder_that_is_a_file_is_refused()
    {
        File.WriteAllText(_root.File("f"), "");
        Assert.Contains("is a file", Assert.Throws<RunException>(() => RunDirectory.CreateAt(_root.File("f"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_lock_a_dead_writer_left_holds_nobody_up()
    {
        Directory.CreateDirectory(_root.File("run"));
        File.WriteAllText(_root.File("run/.lock"), "");
        RunDirectory.CreateAt(_root.File("run")).Dispose();
        Assert.False(File.Exists(_root.File("run/.lock")));
    }

    [Fact]
    public void A_folder_another_writer_holds_is_refused()
    {
        Directory.CreateDirectory(_root.File("run"));
        using var other = new FileStream(_root.File("run/.lock"), FileMode.Create, FileAccess.Write, FileShare.None);
        var error = Assert.Throws<RunException>(() => RunDirectory.CreateAt(_root.File("run")));
        Assert.StartsWith($"another run is writing to {_root.File("run")}; ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_place_where_no_folder_can_be_made_is_one_line_with_the_path_and_the_remedy()
    {
        var error = Assert.Throws<RunException>(() => RunDirectory.CreateAt("/proc/rolloutlab/run"));
        Assert.StartsWith("cannot create /proc/rolloutlab/run: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("--run-dir", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void The_recipe_is_written_as_given()
    {
        using var run = RunDirectory.Create(_root.Path, "r", NewYear);
        run.WriteRecipe("seed: 1\n");
        Assert.Equal("seed: 1\n"u8.ToArray(), File.ReadAllBytes(Path.Combine(run.Path, "recipe.yaml")));
    }
}
