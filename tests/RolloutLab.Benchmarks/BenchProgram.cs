using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Benchmarks;

/// <summary><c>rolloutlab bench [suite] [--json]</c>: measures this machine; rates are given as shares of its peak matrix rate.</summary>
internal static class BenchProgram
{
    private const string Usage = """
        Usage: rolloutlab bench [core] [--json] [--quick] [--threads N]

        Measures this machine: peak matrix rate, rollout and training speed for the quickstart model and a
        25M-parameter one, the share of the peak each reaches, and growth of tensors and memory over 100 steps.

          --json       one JSON document on standard output
          --quick      a few seconds: smaller batches and fewer repeats, to see that it runs
          --threads N  compute threads (default: all cores)
        """;

    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        if (args.Contains("--help") || args.Contains("-h"))
        {
            output.WriteLine(Usage);
            return 0;
        }

        if (!TryParse(args, out var options, out var problem))
        {
            error.WriteLine($"rolloutlab bench: {problem}; see rolloutlab bench --help");
            return 2;
        }

        try
        {
            var report = new CoreSuite(options, error).Run();
            output.WriteLine(options.Json ? report.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) : CoreTable.Of(report));
            return 0;
        }
        catch (RolloutLabException exception)
        {
            error.WriteLine($"rolloutlab bench: {exception.Message}");
            return exception is SetupException ? 69 : 1;
        }
    }

    private static bool TryParse(string[] args, out BenchOptions options, out string problem)
    {
        (options, problem) = (new BenchOptions(false, false, Environment.ProcessorCount), "");
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "core" when i == 0:
                    break;
                case "--json":
                    options = options with { Json = true };
                    break;
                case "--quick":
                    options = options with { Quick = true };
                    break;
                case "--threads" when i + 1 < args.Length && int.TryParse(args[i + 1], out var threads) && threads > 0:
                    options = options with { Threads = threads };
                    i++;
                    break;
                default:
                    problem = $"'{args[i]}' is not understood";
                    return false;
            }
        }

        return true;
    }
}

/// <summary>What to measure and how to print it.</summary>
internal sealed record BenchOptions(bool Json, bool Quick, int Threads);
