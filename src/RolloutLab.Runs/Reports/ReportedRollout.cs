namespace RolloutLab.Runs;

/// <summary>A rollout as a report shows it.</summary>
/// <param name="Index">Index inside its group.</param>
/// <param name="Status">The verdict.</param>
/// <param name="Reward">The reward; null for none.</param>
/// <param name="Advantage">The advantage; null for none.</param>
/// <param name="Length">Response tokens.</param>
/// <param name="FinishReason"><c>stop</c> or <c>length</c>.</param>
/// <param name="Decision">What recomposition decided and why; null where it is not known.</param>
/// <param name="Text">The response.</param>
public sealed record ReportedRollout(
    int Index, string Status, double? Reward, double? Advantage, int Length, string FinishReason, string? Decision, string Text);

/// <summary>The rollouts of one prompt in one step.</summary>
/// <param name="Step">The step.</param>
/// <param name="Rollouts">Those shown.</param>
/// <param name="Tree">Their tree; null when the run did not keep it.</param>
public sealed record ReportedGroup(long Step, IReadOnlyList<ReportedRollout> Rollouts, KeptTree? Tree);

/// <summary>A prompt as a report shows it.</summary>
/// <param name="Id">Its identifier.</param>
/// <param name="Text">Its text; empty when it is not known.</param>
/// <param name="Totals">All its rollouts in the run, shown or not.</param>
/// <param name="Groups">Some of its groups, by step.</param>
public sealed record ReportedPrompt(string Id, string Text, PromptTotals Totals, IReadOnlyList<ReportedGroup> Groups);

/// <summary>What a prompt got over the whole run.</summary>
/// <param name="Steps">Steps in which it was sampled, ascending.</param>
/// <param name="Rollouts">Its rollouts.</param>
/// <param name="Correct">How many of them are correct.</param>
/// <param name="Tokens">Response tokens of all of them.</param>
public sealed record PromptTotals(IReadOnlyList<long> Steps, long Rollouts, long Correct, long Tokens);
