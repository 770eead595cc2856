namespace RolloutLab.Batching;

/// <summary>
/// Credit by node: a token that several sequences of a prefix tree share is trained once, with the mean of their
/// advantages, by the first that holds it (TreePO, arXiv 2508.17445, averages over the leaves below a node likewise).
/// </summary>
public static class NodeCredit
{
    /// <summary>
    /// Gives every response token of every sequence its credit: at the first sequence that holds it the weighted mean of
    /// the advantages and the mean of the weights of all that hold it, and weight 0 at the others. O(tokens).
    /// </summary>
    /// <param name="ordered">Sequences as <see cref="PrefixOrder.Arrange"/> gives them, of one prompt.</param>
    public static List<PackedSequence> Assign(IReadOnlyList<PackedSequence> ordered)
    {
        var credits = ordered.Select(s => new TokenCredit[s.ResponseIds.Length]).ToList();
        var path = new List<Node>();
        for (var i = 0; i < ordered.Count; i++)
        {
            var sequence = ordered[i];
            Leave(path, Math.Max(0, sequence.SharedPrefix - sequence.PromptIds.Length), credits);
            for (var t = 0; t < sequence.ResponseIds.Length; t++)
            {
                var node = t < path.Count ? path[t] : new Node(i, 0, 0, 0);
                var credit = sequence.CreditOf(t);
                node = node with
                {
                    Sequences = node.Sequences + 1,
                    Weight = node.Weight + credit.Weight,
                    WeightedAdvantage = node.WeightedAdvantage + (credit.Weight * (double)credit.Advantage),
                };
                if (t < path.Count)
                {
                    path[t] = node;
                }
                else
                {
                    path.Add(node);
                }
            }
        }

        Leave(path, 0, credits);
        return [.. ordered.Select((s, i) => s with { TokenCredits = credits[i] })];
    }

    /// <summary>Settles the nodes from place <paramref name="first"/> on: no later sequence holds them.</summary>
    private static void Leave(List<Node> path, int first, List<TokenCredit[]> credits)
    {
        for (var t = first; t < path.Count; t++)
        {
            var node = path[t];
            credits[node.Owner][t] = node.Weight == 0
                ? default
                : new TokenCredit((float)(node.WeightedAdvantage / node.Weight), (float)(node.Weight / node.Sequences));
        }

        path.RemoveRange(first, path.Count - first);
    }

    /// <param name="Owner">The first sequence that holds it.</param>
    /// <param name="Sequences">How many hold it.</param>
    /// <param name="Weight">Sum of their weights.</param>
    /// <param name="WeightedAdvantage">Sum of their advantages by weight.</param>
    private readonly record struct Node(int Owner, int Sequences, double Weight, double WeightedAdvantage);
}
