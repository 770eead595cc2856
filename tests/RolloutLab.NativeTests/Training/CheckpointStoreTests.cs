using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Training;

namespace RolloutLab.NativeTests.Training;

public sealed class CheckpointStoreTests : IDisposable
{
    private static readonly OptimizerSection Optimizer = new()
    {
        LearningRate = 1e-3, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8, WeightDecay = 0.01, MaxGradNorm = 1,
        Schedule = new ConstantScheduleSection { WarmupSteps = 0 },
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("rolloutlab-checkpoints-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Tokenizer files report errors of data, which would end the program as if its input were wrong.</summary>
    [Fact]
    public void A_full_disk_is_the_runs_error_whichever_file_meets_it_and_the_checkpoint_before_stays()
    {
        using var optimizer = new AdamW([], Optimizer);
        var section = new CheckpointSection { Every = 1, KeepLast = 1, KeepBest = false };
        var full = false;
        var store = new CheckpointStore(_folder, section, SaveModel, optimizer, []);
        store.Write(new LoopState { Step = 1, PolicyVersion = 1 });
        full = true;

        var error = Assert.Throws<RunException>(() => store.Write(new LoopState { Step = 2, PolicyVersion = 2 }));

        Assert.Contains("step-000002 cannot be written: No space left; free space", error.Message, StringComparison.Ordinal);
        Assert.Contains($"the last good checkpoint is {store.Newest}", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("step-000001", store.Newest, StringComparison.Ordinal);

        void SaveModel(string folder)
        {
            if (full)
            {
                throw new DataException("tokenizer.json: cannot be written", new IOException("No space left"));
            }
        }
    }

    [Fact]
    public void Tidying_leaves_what_a_run_keeps_and_damaged_later_checkpoints()
    {
        using var optimizer = new AdamW([], Optimizer);
        var store = new CheckpointStore(_folder, new CheckpointSection { Every = 2, KeepLast = 2, KeepBest = true }, _ => { }, optimizer, []);
        foreach (var name in (string[])["step-000002", "step-000003", "step-000004", "step-000005", "step-000006", "step-000008", "step-000002.deleted", "step-000010.unfinished"])
        {
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, name)).FullName, "some"), "x");
        }

        store.Tidy(new LoopState { Step = 6, PolicyVersion = 6, Best = new BestEvaluation(3, 0.5) });

        Assert.Equal(["step-000003", "step-000004", "step-000006", "step-000008"], Directory.GetDirectories(_folder).Select(Path.GetFileName).Order());
    }
}
