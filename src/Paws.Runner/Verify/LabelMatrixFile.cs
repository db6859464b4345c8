using Paws.Model;
using TorchSharp;

namespace Paws.Runner.Verify;

/// <summary>label_matrices.json: smoothed labels of a support batch.</summary>
internal static class LabelMatrixFile
{
    /// <summary>One case.</summary>
    public static Comparison Check(string file, GoldenJson golden, int number)
    {
        using var scope = torch.NewDisposeScope();
        var (classes, images, workers) = (golden["classes_per_rank"].Whole, golden["images_per_class"].Whole, golden["world_size"].Whole);
        bool unique = golden["unique_classes"].Flag;
        var labels = LabelMatrix.create(classes, images, workers, unique, golden["smoothing"].Number);
        var largest = new Largest();
        largest.Add("labels", golden["expected"].Flat, labels);
        string name = $"{classes} classes × {images}, {workers} worker{(workers == 1 ? "" : "s")}{(unique ? ", own classes" : "")}";
        return new Comparison(file, $"{number}: {name}", largest.Error, 1e-10, largest.What);
    }
}
