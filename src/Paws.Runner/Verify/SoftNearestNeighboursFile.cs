using Paws.Model;
using TorchSharp;

namespace Paws.Runner.Verify;

/// <summary>soft_nn_eval.json: PAWS-NN's class distributions and accuracies.</summary>
internal static class SoftNearestNeighboursFile
{
    /// <summary>One case.</summary>
    public static Comparison Check(string file, GoldenJson golden, int number, torch.Device device)
    {
        using var scope = torch.NewDisposeScope();
        var expected = golden["expected"];
        int classes = golden["classes"].Whole;
        var support = golden["support"].Matrix(device);
        var queries = golden["queries"].Matrix(device);
        var probabilities = SoftNearestNeighbourClassifier.probabilities(
            golden["tau"].Number,
            classes,
            support,
            golden["support_labels"].Indices(device),
            queries
        );
        var labels = golden["query_labels"].Indices(device);
        var largest = new Largest();
        largest.Add("probabilities", expected["probabilities"].Flat, probabilities);
        largest.Add("top-1", expected["top1"].Number, SoftNearestNeighbourClassifier.topK(1, probabilities, labels));
        largest.Add("top-5", expected["top5"].Number, SoftNearestNeighbourClassifier.topK(5, probabilities, labels));
        string name = $"{number}: {queries.shape[0]} queries, {support.shape[0]} supports, {classes} classes";
        return new Comparison(file, name, largest.Error, 1e-10, largest.What);
    }
}
