using Paws.Data.Datasets;
using Paws.Runner.Training;
using TorchSharp;

namespace Paws.Runner.Evaluation;

/// <summary>Steps that every evaluation shares.</summary>
internal static class TestImages
{
    /// <summary><paramref name="wanted"/> of <paramref name="count"/> indices at even distances; all when 0 or more than there are.</summary>
    public static int[] Spread(int count, int wanted)
    {
        var taken = wanted <= 0 ? count : Math.Min(wanted, count);
        return [.. Enumerable.Range(0, taken).Select(i => (int)((long)i * count / taken))];
    }

    /// <summary>The labels of images, [n] in int64.</summary>
    public static torch.Tensor Labels(IImageDataset data, int[] indices) =>
        torch.tensor(indices.Select(i => (long)data.Labels[i]).ToArray());

    /// <summary>Runs images through a network at centre crop, batch by batch, and joins the rows.</summary>
    /// <exception cref="OperationCanceledException">Stopping was asked for.</exception>
    public static torch.Tensor Forward(
        RunSetting run,
        IImageDataset data,
        int[] indices,
        Func<torch.Tensor, torch.Tensor> network,
        CancellationToken? stop = null
    )
    {
        using var scope = torch.NewDisposeScope();
        var rows = new List<torch.Tensor>();
        using var loader = run.OpenEvaluationLoader(data, indices);
        using var uploads = new Uploads(run.Device);
        var heeded = stop ?? run.Stop;
        while (loader.Next(heeded) is { } batch)
        {
            heeded.ThrowIfCancellationRequested();
            using var step = torch.NewDisposeScope();
            rows.Add(network(uploads.Take(batch)[0]).MoveToOuterDisposeScope());
        }
        return torch.cat(rows, 0).MoveToOuterDisposeScope();
    }

    /// <summary>Top-1 and top-5 of class probabilities or logits.</summary>
    public static Accuracy Accuracy(torch.Tensor scores, torch.Tensor labels) =>
        new(
            Model.SoftNearestNeighbourClassifier.topK(1, scores, labels),
            scores.shape[1] > 5 ? Model.SoftNearestNeighbourClassifier.topK(5, scores, labels) : null,
            (int)labels.shape[0]
        );
}
