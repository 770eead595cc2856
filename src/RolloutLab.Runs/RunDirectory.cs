using System.Globalization;
using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>
/// The folder of one run and its one writer. It holds <c>run.json</c>, <c>recipe.yaml</c> (resolved), <c>environment.json</c>,
/// <c>metrics.jsonl</c>, <c>rollouts.jsonl</c>, <c>trees.jsonl</c>, <c>checkpoints/</c> and, at the end, <c>summary.json</c>.
/// While it is open a lock file keeps every other process from writing there; the lock of a process that died holds nobody up.
/// </summary>
public sealed class RunDirectory : IDisposable
{
    /// <summary>Name of the folder of the frozen reference policy.</summary>
    public const string ReferenceName = "reference";

    /// <summary>Name of the folder of checkpoints.</summary>
    public const string CheckpointsName = "checkpoints";

    /// <summary>Name of the file of rollout trees in a run folder.</summary>
    public const string TreesName = "trees.jsonl";

    private const string LockName = ".lock";
    private const int LinuxWouldBlock = 11;
    private const int LinuxFileExists = 17;

    private readonly FileStream _lock;

    private RunDirectory(string path, FileStream heldLock)
    {
        Path = path;
        _lock = heldLock;
    }

    /// <summary>Absolute path of the folder.</summary>
    public string Path { get; }

    /// <summary>The resolved recipe.</summary>
    public string RecipePath => Inside("recipe.yaml");

    /// <summary>What the run ran on.</summary>
    public string EnvironmentPath => Inside("environment.json");

    /// <summary>What run it is.</summary>
    public string IdentityPath => Inside("run.json");

    /// <summary>The starting policy, where the run keeps one to measure divergence from.</summary>
    public string ReferencePath => Inside(ReferenceName);

    /// <summary>One row of metrics a step; open it with <see cref="MetricsLog"/>.</summary>
    public string MetricsPath => Inside("metrics.jsonl");

    /// <summary>One row a step of the supervised warm-up before training.</summary>
    public string WarmupMetricsPath => Inside("sft-metrics.jsonl");

    /// <summary>A sample of rollouts; open it with <see cref="RolloutSampleLog"/>.</summary>
    public string RolloutsPath => Inside("rollouts.jsonl");

    /// <summary>Folder of all rollouts; write it with <see cref="RolloutStore"/>.</summary>
    public string StorePath => Inside(RolloutStore.FolderName);

    /// <summary>Rollout trees to look at; open it with <see cref="TreeLog"/>.</summary>
    public string TreesPath => Inside(TreesName);

    /// <summary>History of the budgets; open it with <see cref="BudgetLog"/>.</summary>
    public string BudgetsPath => Inside("budgets.jsonl");

    /// <summary>Folder of the checkpoints.</summary>
    public string CheckpointsPath => Inside(CheckpointsName);

    /// <summary>What the run came to.</summary>
    public string SummaryPath => Inside("summary.json");

    /// <summary>
    /// Creates a fresh folder <c>&lt;recipe&gt;-&lt;yyyyMMdd-HHmmss&gt;</c> (UTC), with <c>-2</c>, <c>-3</c>, ... after it
    /// when runs start in the same second.
    /// </summary>
    /// <param name="runsRoot">Folder of all runs; created when it is not there.</param>
    /// <param name="recipeName">Name of the recipe; characters that do not belong into a folder's name become <c>-</c>.</param>
    /// <param name="clock">Gives the time in the name.</param>
    /// <returns>The open folder; the caller disposes it.</returns>
    /// <exception cref="RunException">It cannot be created.</exception>
    public static RunDirectory Create(string runsRoot, string recipeName, TimeProvider clock)
    {
        ArgumentException.ThrowIfNullOrEmpty(runsRoot);
        ArgumentException.ThrowIfNullOrEmpty(recipeName);
        ArgumentNullException.ThrowIfNull(clock);
        var time = clock.GetUtcNow().UtcDateTime.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        var first = System.IO.Path.GetFullPath(System.IO.Path.Combine(runsRoot, $"{FolderName(recipeName)}-{time}"));
        for (var attempt = 1; ; attempt++)
        {
            var path = attempt == 1 ? first : string.Create(CultureInfo.InvariantCulture, $"{first}-{attempt}");
            if (!System.IO.Path.Exists(path) && FileFault.Guard("create", path, () => TryClaim(path)) is { } heldLock)
            {
                return Complete(path, heldLock);
            }
        }
    }

    /// <summary>Takes the folder the user named.</summary>
    /// <param name="path">A folder that does not exist or is empty.</param>
    /// <returns>The open folder; the caller disposes it.</returns>
    /// <exception cref="RunException">It holds something, another run is writing there, or it cannot be created.</exception>
    public static RunDirectory CreateAt(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var full = System.IO.Path.GetFullPath(path);
        if (File.Exists(full))
        {
            throw new RunException($"the run folder {full} is a file; give --run-dir a folder that does not exist or is empty");
        }

        FileFault.Guard("create", full, () => Directory.CreateDirectory(full));
        CheckEmpty(full);
        return Complete(full, Claim(full, mustBeEmpty: true));
    }

    /// <summary>Opens the folder of a run that stopped, to go on with it.</summary>
    /// <param name="path">A run folder.</param>
    /// <returns>The open folder; the caller disposes it.</returns>
    /// <exception cref="RunException">It is no run folder, or another process is writing there.</exception>
    public static RunDirectory Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var full = System.IO.Path.GetFullPath(path);
        if (!File.Exists(System.IO.Path.Combine(full, "run.json")))
        {
            throw new RunException($"{full} is not the folder of a run: it has no run.json; give a folder that train made");
        }

        return Complete(full, Claim(full, mustBeEmpty: false));
    }

    /// <summary>Reads <c>run.json</c>.</summary>
    /// <exception cref="RunException">It is damaged or cannot be read.</exception>
    public RunIdentity ReadIdentity() => RunIdentity.Read(Path) ?? throw new RunException($"{IdentityPath} is gone; train anew");

    /// <summary>Writes <c>run.json</c>.</summary>
    /// <exception cref="RunException">The file system refused.</exception>
    public void WriteIdentity(RunIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        var json = JsonSerializer.Serialize(identity, RunJson.Default.RunIdentity) + "\n";
        FileFault.Guard("write", IdentityPath, () => AtomicFile.WriteText(IdentityPath, json));
    }

    /// <summary>Writes <c>recipe.yaml</c>.</summary>
    /// <param name="resolvedYaml">The resolved recipe.</param>
    /// <exception cref="RunException">The file system refused.</exception>
    public void WriteRecipe(string resolvedYaml) => FileFault.Guard("write", RecipePath, () => AtomicFile.WriteText(RecipePath, resolvedYaml));

    /// <summary>Writes <c>environment.json</c>.</summary>
    /// <exception cref="RunException">The file system refused.</exception>
    public void WriteEnvironment(RunEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        FileFault.Guard("write", EnvironmentPath, () => AtomicFile.WriteText(EnvironmentPath, environment.ToJson()));
    }

    /// <summary>Writes <c>summary.json</c>.</summary>
    /// <exception cref="RunException">The file system refused.</exception>
    public void WriteSummary(RunSummary summary)
    {
        ArgumentNullException.ThrowIfNull(summary);
        FileFault.Guard("write", SummaryPath, () => AtomicFile.WriteText(SummaryPath, summary.ToJson()));
    }

    /// <summary>Lets the folder go for other writers.</summary>
    public void Dispose() => _lock.Dispose();

    private static RunDirectory Complete(string path, FileStream heldLock)
    {
        try
        {
            var directory = new RunDirectory(path, heldLock);
            FileFault.Guard("create", directory.CheckpointsPath, () => Directory.CreateDirectory(directory.CheckpointsPath));
            return directory;
        }
        catch
        {
            heldLock.Dispose();
            throw;
        }
    }

    // The lock file is created exclusively, so of two processes that want the same new folder exactly one gets it.
    private static FileStream? TryClaim(string path)
    {
        Directory.CreateDirectory(path);
        try
        {
            var heldLock = OpenLock(path, FileMode.CreateNew);
            if (!Directory.EnumerateFileSystemEntries(path).Any(entry => !IsLock(entry)))
            {
                return heldLock;
            }

            // Another run has come and gone since the caller looked.
            heldLock.Dispose();
            return null;
        }
        catch (IOException taken) when (taken.HResult is LinuxFileExists or LinuxWouldBlock)
        {
            return null;
        }
    }

    private static FileStream Claim(string path, bool mustBeEmpty)
    {
        try
        {
            var heldLock = OpenLock(path, FileMode.OpenOrCreate);
            try
            {
                // Another run may have come and gone since the caller looked.
                if (mustBeEmpty)
                {
                    CheckEmpty(path);
                }

                return heldLock;
            }
            catch
            {
                heldLock.Dispose();
                throw;
            }
        }
        catch (IOException fault) when (File.Exists(System.IO.Path.Combine(path, LockName)))
        {
            throw new RunException($"another run is writing to {path}; wait for it to end, or use another folder", fault);
        }
        catch (Exception fault) when (FileFault.IsFileFault(fault))
        {
            throw FileFault.Translate("write", path, fault);
        }
    }

    private static FileStream OpenLock(string path, FileMode mode) =>
        new(System.IO.Path.Combine(path, LockName), mode, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);

    private static void CheckEmpty(string path)
    {
        if (FileFault.Guard("read", path, () => Directory.EnumerateFileSystemEntries(path).Any(entry => !IsLock(entry))))
        {
            throw new RunException($"the run folder {path} is not empty; give --run-dir a folder that does not exist or is empty");
        }
    }

    private static bool IsLock(string entry) => System.IO.Path.GetFileName(entry) == LockName;

    private static string FolderName(string recipeName) =>
        string.Concat(recipeName.Select(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-'));

    private string Inside(string name) => System.IO.Path.Combine(Path, name);
}
