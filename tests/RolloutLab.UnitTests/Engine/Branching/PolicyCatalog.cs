using RolloutLab.Engine;
using RolloutLab.Recipes;

namespace RolloutLab.UnitTests.Engine;

/// <summary>Every branch policy, in the settings that the contract is checked with.</summary>
internal static class PolicyCatalog
{
    private static readonly Dictionary<string, Func<IBranchPolicy>> s_policies = new()
    {
        ["stochastic"] = () => new StochasticSampling(),
        ["latr"] = () => TreeModels.LatrPolicy(", min_probability: 0.15, max_gap: 0.4, lookahead: [3, 6]"),
        ["latr-hybrid"] = () => TreeModels.LatrPolicy(", min_probability: 0.15, max_gap: 0.4, lookahead: [4], share: { type: constant, value: 0.5 }"),
        ["latr-code"] = () => TreeModels.LatrPolicy(
            ", min_probability: 0.15, max_gap: 0.1, gap_rule: above, fork_order: row_age, lookahead: [2, 5], fill: duplicate_root, "
            + "stopping: { scope: batch, decay: 0.05, max_tokens: 12 }"),
        ["latr-sampling"] = () => TreeModels.LatrPolicy(
            ", candidates: 4, min_probability: 0.05, max_gap: 0.5, solo_token: sample, lookahead: [3], fill: row, finished_hold_place: false, "
            + "pruning: { edit_distance: 0.5, suffix_match: 0.3, rouge_l: 0.6, end_window: compare }"),
        ["latr-when-full"] = () => TreeModels.LatrPolicy(", min_probability: 0.1, max_gap: 0.5, solo_token: sample_when_full, lookahead: [8], width: 4"),
        ["entropy-tree"] = () => new EntropyTreePolicy((EntropyTreeStrategySection)TreeModels.Section("{ type: entropy_tree }")),
        ["entropy-tree-wide"] = () => new EntropyTreePolicy((EntropyTreeStrategySection)TreeModels.Section(
            "{ type: entropy_tree, samples: 3, tokens: 2, rounds: 2, branches: 2 }")),
        ["segment-tree"] = () => new SegmentTreePolicy((SegmentTreeStrategySection)TreeModels.Section("{ type: segment_tree, segment: 4 }")),
        ["segment-tree-unsure"] = () => new SegmentTreePolicy((SegmentTreeStrategySection)TreeModels.Section(
            "{ type: segment_tree, segment: 3, branches: 4, order: low_probability }")),
        ["diverse-beam"] = () => new DiverseBeamPolicy((DiverseBeamStrategySection)TreeModels.Section("{ type: diverse_beam }")),
        ["diverse-beam-one-group"] = () => new DiverseBeamPolicy((DiverseBeamStrategySection)TreeModels.Section(
            "{ type: diverse_beam, groups: 1, candidates: 3 }")),
    };

    public static IEnumerable<string> Names => s_policies.Keys;

    public static IBranchPolicy Create(string name) => s_policies[name]();
}
