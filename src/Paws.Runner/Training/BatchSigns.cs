using Paws.Model;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// What shows in a batch whether images are still told apart, without gradient and for nothing but to be watched. Two numbers of the
/// predictions and two of the embeddings, all of images that do not depend on each other.
/// </summary>
internal static class BatchSigns
{
    /// <summary>Embeddings that are looked at; the cost of their products grows with the square.</summary>
    private const int MostEmbeddings = 256;

    /// <summary>
    /// H(p̄), the entropy of the mean prediction, and I = H(p̄) − mean H(p), what a prediction tells about its image: the mean
    /// divergence of predictions from their mean. 0 ≤ I ≤ H(p̄) ≤ log K in nats. All uniform: H(p̄) = log K and I = 0; all of one class: both 0;
    /// sure and spread over all classes: both log K.
    /// </summary>
    /// <param name="distributions">[n,K], rows that sum to 1.</param>
    public static KeyValuePair<StepPart, torch.Tensor>[] OfPredictions(torch.Tensor distributions)
    {
        using var frozen = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        // In float64: far into a collapse the difference is smaller than what float32 has left of either entropy.
        var p = distributions.detach().to(torch.float64);
        var ofMean = Numerics.entropy(p.mean([0]));
        var information = Scalars.clampMin(0, Scalars.add(ofMean, Numerics.entropy(p).mean().neg()));
        return
        [
            new(StepPart.MeanEntropy, ofMean.MoveToOuterDisposeScope()),
            new(StepPart.Information, information.MoveToOuterDisposeScope()),
        ];
    }

    /// <summary>The same of a classifier.</summary>
    /// <param name="logits">[n,K].</param>
    public static KeyValuePair<StepPart, torch.Tensor>[] OfLogits(torch.Tensor logits)
    {
        using var frozen = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var signs = OfPredictions(logits.detach().to(torch.float64).softmax(1));
        return [.. signs.Select(sign => KeyValuePair.Create(sign.Key, sign.Value.MoveToOuterDisposeScope()))];
    }

    /// <summary>
    /// Of embeddings scaled to unit length: their spread, the mean squared distance from their mean, in [0, 1] (1 − the mean
    /// cosine of two of them), and their effective rank, the participation ratio (Σλ)²/Σλ² of the eigenvalues of their covariance, in
    /// [1, min(n − 1, d)]: how many directions carry the spread, 1 when they lie on a line. Traces give both, no eigenvalue is computed.
    /// </summary>
    /// <param name="embeddings">[n,d], one row an image.</param>
    public static KeyValuePair<StepPart, torch.Tensor>[] OfEmbeddings(torch.Tensor embeddings)
    {
        using var frozen = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var rows = Math.Min(embeddings.shape[0], MostEmbeddings);
        var type = embeddings.dtype == torch.float64 ? torch.float64 : torch.float32;
        var unit = Numerics.l2Normalise(embeddings.detach().narrow(0, 0, rows).to(type));
        var centred = Scalars.add(unit, unit.mean([0]).neg());
        var products = rows <= unit.shape[1] ? centred.mm(centred.t()) : centred.t().mm(centred);
        var trace = Scalars.square(centred).sum();
        // One point has no covariance: 0/0, which is a rank of 1 here.
        var squares = Scalars.clampMin(1e-30, Scalars.square(products).sum());
        var rank = Scalars.clampMin(1, Scalars.square(trace).div(squares));
        return
        [
            new(StepPart.EmbeddingRank, rank.MoveToOuterDisposeScope()),
            new(StepPart.EmbeddingSpread, Scalars.divide(rows, trace).MoveToOuterDisposeScope()),
        ];
    }
}
