using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// A forward pass of which only the residual stream before each layer is kept (<c>[T, D]</c> a layer), and a backward pass
/// that computes each layer again just before differentiating it (gradient checkpointing, Chen et al., arXiv 1604.06174).
/// Every operation of the backward pass is that of the whole graph on the same bits, so gradients are bit-identical.
/// </summary>
internal sealed class LayerCheckpoints
{
    private readonly DecoderModel _model;
    private readonly MicroBatch _batch;
    private readonly Tensor _rows;
    private readonly DropoutPlace? _dropout;
    private readonly Tensor[] _residuals;

    private LayerCheckpoints(
        DecoderModel model, MicroBatch batch, Tensor rows, DropoutPlace? dropout, Tensor[] residuals, Tensor hidden, Tensor head) =>
        (_model, _batch, _rows, _dropout, _residuals, Hidden, Head) = (model, batch, rows, dropout, residuals, hidden, head);

    /// <summary>Hidden states of the wanted rows after the final norm, <c>[R, D]</c>: a leaf of the graph that follows.</summary>
    public Tensor Hidden { get; }

    /// <summary>
    /// The output head for that graph. A tied one is a leaf of its own, because its gradient and the embedding's are to be
    /// added before they join those of earlier micro-batches.
    /// </summary>
    public Tensor Head { get; }

    private bool IsHeadApart => !ReferenceEquals(Head, _model.Weights.Head);

    /// <summary>Runs the layers without recording them.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">The micro-batch.</param>
    /// <param name="rows">Tokens wanted, <c>[R] int32</c>, a tensor of the current scope.</param>
    /// <param name="dropout">Where an adapter's dropout draws from, both times; null for no dropout.</param>
    /// <returns>Its tensors belong to the current scope.</returns>
    public static LayerCheckpoints Record(DecoderModel model, MicroBatch batch, Tensor rows, DropoutPlace? dropout)
    {
        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        var pass = model.Pass(batch, rows, dropout);
        var residuals = new Tensor[pass.LayerCount];
        residuals[0] = scope.Keep(pass.Embed(batch.InputIds));
        var normed = pass.NormBefore(0, residuals[0]);
        for (var i = 0; i < residuals.Length; i++)
        {
            var (sum, sumNormed) = pass.Layer(i, residuals[i], normed);
            normed.Dispose();
            normed = sumNormed;
            if (i + 1 < residuals.Length)
            {
                residuals[i + 1] = scope.Keep(sum);
            }
        }

        var weights = model.Weights;
        var head = weights.Config.TieWordEmbeddings && weights.Head.requires_grad ? scope.Keep(weights.Head.detach()).requires_grad_() : weights.Head;
        return new LayerCheckpoints(model, batch, rows, dropout, residuals, scope.Keep(normed).requires_grad_(), head);
    }

    /// <summary>Moves the tensors from a scope one level out.</summary>
    public void Keep(TensorScope scope)
    {
        scope.Keep(Hidden);
        scope.Keep(_rows);
        if (IsHeadApart)
        {
            scope.Keep(Head);
        }

        foreach (var residual in _residuals)
        {
            scope.Keep(residual);
        }
    }

    /// <summary>Goes on from the gradients of <see cref="Hidden"/> and <see cref="Head"/> to those of every parameter.</summary>
    public void Backward()
    {
        using var scope = new TensorScope();
        var pass = _model.Pass(_batch, _rows, _dropout);
        var normedGradient = Hidden.grad() ?? throw new InvalidOperationException("the scores have not been differentiated");
        Tensor? sumGradient = null;
        for (var i = _residuals.Length - 1; i >= 0; i--)
        {
            using var layerScope = new TensorScope();
            var residual = _residuals[i].detach().requires_grad_();
            var normed = NormBefore(pass, i);
            var (sum, sumNormed) = pass.Layer(i, residual, normed);
            _residuals[i].Dispose();
            if (sumGradient is null)
            {
                torch.backward([sumNormed], [normedGradient]);
            }
            else
            {
                torch.backward([sum, sumNormed], [sumGradient, normedGradient]);
                sumGradient.Dispose();
            }

            normedGradient.Dispose();
            (sumGradient, normedGradient) = (layerScope.Keep(residual.grad()!), layerScope.Keep(normed.grad()!));
        }

        Finish(pass, sumGradient!, normedGradient);
    }

    private Tensor NormBefore(DecoderPass<PackedAttention> pass, int index)
    {
        using var noGrad = torch.no_grad();
        return pass.NormBefore(index, _residuals[index]).requires_grad_();
    }

    /// <summary>The embedding, the first norm and a tied head, in one pass.</summary>
    private void Finish(DecoderPass<PackedAttention> pass, Tensor residualGradient, Tensor normedGradient)
    {
        var residual = pass.Embed(_batch.InputIds);
        var roots = new List<(Tensor Root, Tensor Gradient)> { (residual, residualGradient), (pass.NormBefore(0, residual), normedGradient) };
        if (IsHeadApart)
        {
            // A view of the embedding stands for the head: both gradients meet before they reach the parameter.
            var head = _model.Weights.Head;
            roots.Add((head.reshape(head.shape), Head.grad()!));
        }

        roots.RemoveAll(r => !r.Root.requires_grad);
        if (roots.Count == 0)
        {
            return; // Frozen under an adapter.
        }

        torch.backward([.. roots.Select(r => r.Root)], [.. roots.Select(r => r.Gradient)]);
    }
}
