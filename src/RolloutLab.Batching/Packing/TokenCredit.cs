namespace RolloutLab.Batching;

/// <summary>What the loss makes of one token.</summary>
/// <param name="Advantage">Its advantage.</param>
/// <param name="Weight">Weight of its term in the sum that is the loss; a token of weight 0 has no term.</param>
public readonly record struct TokenCredit(float Advantage, float Weight);
