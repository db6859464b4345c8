using Paws.Data.Datasets;
using Paws.Model;
using Paws.Runner.Training;
using TorchSharp;

namespace Paws.Runner.Evaluation;

/// <summary>What PAWS-NN, or a classifier, says of test images.</summary>
/// <param name="Accuracy">Top-1 and top-5.</param>
/// <param name="Predicted">Class predicted for each image.</param>
/// <param name="Labels">Its true class.</param>
/// <param name="Embeddings">Embeddings of as many images as were asked for, spread evenly.</param>
/// <param name="EmbeddingLabels">The true class of those.</param>
internal sealed record NearestNeighbourResult(Accuracy Accuracy, int[] Predicted, int[] Labels, float[][] Embeddings, int[] EmbeddingLabels)
{
    /// <summary>Images of class row predicted as class column.</summary>
    public int[][] Confusion(int classes)
    {
        var counts = Enumerable.Range(0, classes).Select(_ => new int[classes]).ToArray();
        for (var i = 0; i < Labels.Length; i++)
        {
            counts[Labels[i]][Predicted[i]]++;
        }
        return counts;
    }

    /// <summary>From scores [n, K] of the chosen images and their embeddings [n, d], <paramref name="keep"/> of which are kept.</summary>
    public static NearestNeighbourResult Of(IImageDataset test, int[] chosen, torch.Tensor scores, torch.Tensor embeddings, int keep)
    {
        var accuracy = TestImages.Accuracy(scores, TestImages.Labels(test, chosen).to(scores.device));
        var predicted = scores.argmax(1).cpu().data<long>().Select(c => (int)c).ToArray();
        var kept = keep == 0 ? [] : TestImages.Spread(chosen.Length, keep);
        int[] truth = [.. chosen.Select(i => test.Labels[i])];
        return new NearestNeighbourResult(accuracy, predicted, truth, Rows(embeddings, kept), [.. kept.Select(i => truth[i])]);
    }

    private static float[][] Rows(torch.Tensor embeddings, int[] rows)
    {
        var width = (int)embeddings.shape[1];
        var flat = embeddings.to(torch.float32).cpu().contiguous().data<float>().ToArray();
        return [.. rows.Select(i => flat.AsSpan(i * width, width).ToArray())];
    }
}

/// <summary>
/// PAWS-NN: all labeled images as support, centre crop, hard labels, arg-max of the soft nearest neighbours (after the prediction
/// head where there is one). Leaves the encoder in evaluation mode.
/// </summary>
internal static class NearestNeighbours
{
    /// <param name="run">Data, labels, device.</param>
    /// <param name="encoder">The encoder to judge.</param>
    /// <param name="images">Test images to take, spread evenly; 0 takes all.</param>
    /// <param name="keep">Embeddings to return.</param>
    public static NearestNeighbourResult Evaluate(RunSetting run, Encoder encoder, int images = 0, int keep = 0)
    {
        using var scope = torch.NewDisposeScope();
        using var frozen = torch.no_grad();
        encoder.Eval();
        var (train, test) = (run.Data.Train, run.Data.Test);
        var chosen = TestImages.Spread(test.Count, images);
        var supports = Embed(run, encoder, train, run.Labeled);
        var queries = Embed(run, encoder, test, chosen);
        var supportLabels = TestImages.Labels(train, run.Labeled).to(run.Device);
        var classes = train.Classes.Count;
        var probabilities = SoftNearestNeighbourClassifier.probabilities(
            run.Config.Evaluation.Temperature,
            classes,
            supports,
            supportLabels,
            queries
        );
        return NearestNeighbourResult.Of(test, chosen, probabilities, queries, keep);
    }

    /// <summary>Embeddings of images at centre crop, [n, d].</summary>
    private static torch.Tensor Embed(RunSetting run, Encoder encoder, IImageDataset data, int[] indices) =>
        TestImages.Forward(
            run,
            data,
            indices,
            images =>
            {
                var (_, z) = encoder.Forward([images]);
                return z;
            }
        );
}
