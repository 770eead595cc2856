using RolloutLab.Core;

namespace RolloutLab.Cli;

/// <summary>What the program's exit codes mean.</summary>
internal static class ExitCodes
{
    /// <summary>Everything asked for was done.</summary>
    public const int Ok = 0;

    /// <summary>The run failed, or <c>doctor</c> found a problem.</summary>
    public const int Failed = 1;

    /// <summary>The command line, a recipe, a dataset or a checkpoint is wrong.</summary>
    public const int BadInput = 2;

    /// <summary>Something this machine needs is not set up.</summary>
    public const int MissingSetup = 69;

    /// <summary>Ended by the user or the system before all was done.</summary>
    public const int Interrupted = 130;

    /// <summary>The exit code of an error.</summary>
    public static int Of(Exception error) => error switch
    {
        RecipeException or DataException or CheckpointException or BudgetException => BadInput,
        SetupException => MissingSetup,
        OperationCanceledException => Interrupted,
        _ => Failed,
    };
}
