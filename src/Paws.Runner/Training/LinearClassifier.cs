using Paws.Data.Datasets;
using Paws.Data.Loading;
using Paws.Model;
using Paws.Runner.Evaluation;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// A linear classifier that starts at zero: its first predictions are uniform, whatever the features' scale. Weight [K, width], bias
/// [K], in the encoder's master type. A phase gives its parameters to <see cref="FlatParameters"/> behind the encoder's.
/// </summary>
internal sealed class LinearClassifier : IDisposable
{
    /// <summary>How test images are judged by it.</summary>
    public const string Protocol = "linear classifier, last epoch, centre crop";

    private readonly RunSetting run;

    /// <param name="run">Classes and device.</param>
    /// <param name="encoder">On whose features it stands: their width and the type of its weights.</param>
    public LinearClassifier(RunSetting run, Encoder encoder)
    {
        this.run = run;
        var (classes, type) = (run.Data.Train.Classes.Count, encoder.MasterType);
        Weight = Zeros("classifier.weight", [classes, encoder.FeatureDim], type);
        Bias = Zeros("classifier.bias", [classes], type);
    }

    /// <summary>[K, width].</summary>
    public NamedTensor Weight { get; }

    /// <summary>[K].</summary>
    public NamedTensor Bias { get; }

    /// <summary>Weight and bias under their names, for files.</summary>
    public IEnumerable<(string Name, torch.Tensor Value)> State => [(Weight.Name, Weight.Value), (Bias.Name, Bias.Value)];

    /// <summary>Labels of a plan's labeled rows, [n] in int64 on the device.</summary>
    public static torch.Tensor Labels(BatchPlan plan, torch.Device device) =>
        torch.tensor(plan.SupportClasses.Select(c => (long)c).ToArray()).to(device);

    /// <summary>[n, width] → [n, K].</summary>
    public torch.Tensor Logits(torch.Tensor features) => torch.nn.functional.linear(features, Weight.Value, Bias.Value);

    /// <summary>Accuracy on images at centre crop. Leaves the encoder in evaluation mode.</summary>
    /// <param name="encoder">Whose features they are.</param>
    /// <param name="features">[n, 3, s, s] → [n, width] by that encoder.</param>
    /// <param name="data">Images with labels.</param>
    /// <param name="chosen">Which of them.</param>
    /// <param name="stop">Asks to stop; null takes the run's own token.</param>
    public Accuracy Evaluate(
        Encoder encoder,
        Func<torch.Tensor, torch.Tensor> features,
        IImageDataset data,
        int[] chosen,
        CancellationToken? stop = null
    )
    {
        using var scope = torch.NewDisposeScope();
        using var frozen = torch.no_grad();
        encoder.Eval();
        var scores = TestImages.Forward(run, data, chosen, images => Logits(features(images)), stop);
        return TestImages.Accuracy(scores, TestImages.Labels(data, chosen).to(run.Device));
    }

    /// <summary>Predictions for all test images at centre crop, and the features of <paramref name="keep"/> of them.</summary>
    public NearestNeighbourResult Judge(Encoder encoder, Func<torch.Tensor, torch.Tensor> features, int keep)
    {
        using var scope = torch.NewDisposeScope();
        using var frozen = torch.no_grad();
        encoder.Eval();
        var chosen = TestImages.Spread(run.Data.Test.Count, 0);
        var embeddings = TestImages.Forward(run, run.Data.Test, chosen, features);
        return NearestNeighbourResult.Of(run.Data.Test, chosen, Logits(embeddings), embeddings, keep);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Weight.Value.Dispose();
        Bias.Value.Dispose();
    }

    private NamedTensor Zeros(string name, long[] shape, torch.ScalarType type) =>
        new(name, torch.zeros(shape, dtype: type, device: run.Device).requires_grad_(true).DetachFromDisposeScope());
}
