using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using RolloutLab.Allocation;
using RolloutLab.Core;

namespace RolloutLab.Cli;

/// <summary><c>allocate</c>.</summary>
internal sealed class AllocateCommand
{
    private readonly Argument<string> _source = Arguments.Named<string>(
        "prompts", ArgumentArity.ExactlyOne, "JSONL or Parquet with id, and success_rate or successes and attempts, optionally cost; or beta(a,b), uniform(low,high).");

    private readonly Option<string> _method = new("--method")
    {
        HelpName = "name",
        Description = $"How: {string.Join(", ", AllocateRequest.Methods)}.",
        DefaultValueFactory = _ => "knapsack",
    };

    private readonly Option<double?> _budget = new("--budget")
    {
        HelpName = "amount",
        Description = "Rollouts to share out; where the prompts have a cost, what they may cost together.",
        Required = true,
        CustomParser = BudgetAmount,
    };

    private readonly Option<long?> _low = Options.WholeNumber("--n-low", 0, ushort.MaxValue, "Least rollouts of a prompt (default 2; 0 for spo).");
    private readonly Option<long?> _up = Options.WholeNumber("--n-up", 1, ushort.MaxValue, "Most rollouts of a prompt (default 128; 1 for spo).");
    private readonly Option<long?> _prompts = Options.WholeNumber("--prompts", 1, 100_000_000, "Prompts to draw from a distribution.");
    private readonly Option<long?> _seed = Options.WholeNumber("--seed", 0, long.MaxValue, "Seed of everything drawn (default 1).");
    private readonly Option<long?> _unseen = Options.WholeNumber("--unseen", 0, ushort.MaxValue, "knapsack: rollouts of a prompt without attempts (default 8).");
    private readonly Option<long?> _attempts = Options.WholeNumber("--attempts", 1, 1_000_000, "Attempts behind a success_rate that comes without (default 8).");
    private readonly Option<string?> _prior = new("--prior")
    {
        HelpName = "fitted|a,b",
        Description = "knapsack_bayes, thompson: the Beta prior of every rate, fitted to all prompts' attempts (default) or given.",
    };

    private readonly Option<bool> _noFallback = new("--no-fallback") { Description = "knapsack: the greatest value alone, without the published fallback to prompts at 0." };
    private readonly Option<string> _unit = new("--unit") { HelpName = "cost|rollouts", Description = "What --budget counts (default: cost where the prompts have it)." };

    private readonly Option<string[]> _limit = new("--limit")
    {
        HelpName = "column=amount",
        Description = "A further budget on a column of costs, or on rollouts (repeatable); solved by CBC.",
    };

    private readonly Option<string> _solver = new("--solver") { HelpName = "name", Description = "auto, threshold, dp, core or cbc.", DefaultValueFactory = _ => "auto" };
    private readonly Option<double?> _time = new("--time-limit") { HelpName = "seconds", Description = "Most seconds of CBC (default 10).", CustomParser = r => Amount(r, "--time-limit") };
    private readonly Option<double?> _gap = new("--gap") { HelpName = "share", Description = "Gap at which CBC may stop (default 1e-6).", CustomParser = r => Amount(r, "--gap") };
    private readonly Option<string?> _out = new("--out") { HelpName = "file", Description = "Write the plan as .jsonl, .csv or .parquet." };
    private readonly Option<bool> _json = Options.Json("Print one JSON document: plan (in input order), value, cost, gap, seconds, effective-gradient ratios.");

    /// <summary>Creates the command.</summary>
    public static Command Create(CommandLineServices services)
    {
        var options = new AllocateCommand();
        var command = new DocumentedCommand("allocate", "Plan how many rollouts each prompt gets, from success rates, without a model.")
        {
            Examples =
            [
                ("allocate stats.jsonl --method knapsack --budget 4096 --n-low 2 --n-up 128", "a table and a histogram"),
                ("allocate \"beta(0.5,0.5)\" --prompts 1000000 --budget 8000000", "a million prompts from a distribution"),
                ("allocate stats.parquet --budget 200000 --limit rollouts=4096 --json", "tokens and rollouts at once, for scripts"),
                ("allocate stats.jsonl --method knapsack_bayes --budget 4096 --out plan.csv", "under the posterior, to a file"),
            ],
        };
        command.Arguments.Add(options._source);
        foreach (var option in new Option[]
        {
            options._method, options._budget, options._low, options._up, options._unit, options._limit, options._prompts, options._seed, options._unseen,
            options._attempts, options._prior, options._noFallback, options._solver, options._time, options._gap, options._out, options._json,
        })
        {
            command.Options.Add(option);
        }

        command.SetAction(result => options.Execute(result, services));
        return command;
    }

    private int Execute(ParseResult result, CommandLineServices services)
    {
        var request = Request(result);
        var file = result.GetValue(_out);
        PlanFile.Check(file);
        var input = new AllocateInput(
            result.GetRequiredValue(_source), result.GetValue(_prompts), request.Seed,
            [.. request.Limits.Select(l => l.Column).Where(c => c != AllocateInput.Cost)]);
        var prompts = request.Statistics(input.Read());
        var started = Stopwatch.GetTimestamp();
        var solution = request.Plan(prompts);
        var planned = new AllocateResult(prompts, request, solution, Stopwatch.GetElapsedTime(started).TotalSeconds);
        if (file is not null)
        {
            PlanFile.Write(file, planned);
        }

        services.Terminal.Out.WriteLine(result.GetValue(_json) ? planned.ToJson() : planned.ToText());
        return ExitCodes.Ok;
    }

    private AllocateRequest Request(ParseResult result)
    {
        var method = result.GetValue(_method)!;
        var isSpo = method == "spo";
        if (isSpo && (result.GetValue(_low) ?? result.GetValue(_up)) is not null)
        {
            throw new BudgetException("--n-low and --n-up: spo gives one rollout to each prompt it samples; leave them out");
        }

        var (low, up) = ((int)(result.GetValue(_low) ?? (isSpo ? 0 : 2)), (int)(result.GetValue(_up) ?? (isSpo ? 1 : 128)));
        if (low > up)
        {
            throw new BudgetException($"--n-low {low}: must be at most --n-up ({up})");
        }

        return new AllocateRequest
        {
            Method = method,
            Budget = result.GetValue(_budget)!.Value,
            CountsRollouts = result.GetValue(_unit) switch
            {
                null or "cost" => false,
                "rollouts" => true,
                var other => throw new BudgetException($"--unit {other}: must be cost or rollouts"),
            },
            Limits = [.. (result.GetValue(_limit) ?? []).Select(Limit)],
            Low = low,
            Up = up,
            Unseen = (int)(result.GetValue(_unseen) ?? 8),
            Fallback = !result.GetValue(_noFallback),
            Attempts = result.GetValue(_attempts) ?? 8,
            Prior = Prior(result.GetValue(_prior), method),
            Seed = result.GetValue(_seed) ?? 1,
            Solver = new SolverOptions(Solver(result.GetValue(_solver)!), result.GetValue(_time) ?? 10, result.GetValue(_gap) ?? 1e-6),
        };
    }

    /// <summary>The prior; null to fit it.</summary>
    private static BetaPrior? Prior(string? text, string method)
    {
        if (method is not ("knapsack_bayes" or "thompson"))
        {
            return text is null ? BetaPrior.Jeffreys : throw new BudgetException($"--prior {text}: {method} has no prior to choose; use it with knapsack_bayes or thompson");
        }

        double? At(int part) => text!.Split(',') is { Length: 2 } parts
            && double.TryParse(parts[part], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is >= 1e-6 and <= 1e6 ? value : null;
        return text is null or "fitted" ? null
            : At(0) is { } a && At(1) is { } b ? new BetaPrior(a, b)
            : throw new BudgetException($"--prior {text}: must be fitted, or two numbers from 1e-6 to 1e6 such as 0.5,0.5");
    }

    private static SolverKind Solver(string name) => name switch
    {
        "auto" => SolverKind.Auto,
        "threshold" => SolverKind.Threshold,
        "dp" => SolverKind.DynamicProgramme,
        "core" => SolverKind.Core,
        "cbc" => SolverKind.Cbc,
        _ => throw new BudgetException($"--solver {name}: must be one of auto, threshold, dp, core, cbc"),
    };

    private static (string Column, double Amount) Limit(string text)
    {
        var parts = text.Split('=', 2);
        return parts.Length == 2 && parts[0].Length > 0
            && double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var amount)
            ? (parts[0], amount)
            : throw new BudgetException($"--limit {text}: give a column and an amount, such as --limit kv_blocks=20000 or --limit rollouts=4096");
    }

    /// <summary>Any number: what is possible is known once the prompts are, and the planner says it.</summary>
    private static double? BudgetAmount(ArgumentResult result)
    {
        if (double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
        {
            return value;
        }

        result.AddError($"--budget {result.Tokens[0].Value}: must be a number");
        return null;
    }

    private static double? Amount(ArgumentResult result, string name)
    {
        var text = result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) && value >= 0)
        {
            return value;
        }

        result.AddError($"{name} {text}: must be a number of at least 0");
        return null;
    }
}
