using Paws.Model;
using Paws.Runner.Checkpoints;
using Paws.Runner.Config;
using Paws.Runner.Reporting;
using Paws.Runner.Reporting.Figures;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>From a run's setting and an encoder to one computed training step, for Figure 2.</summary>
internal static class StepPictures
{
    private const int ShownPerClass = 4,
        ShownClasses = 10;

    /// <summary>
    /// Computes the batch of a step as training does (views, batch-norm of the batch, published objective), without gradient, and
    /// leaves the encoder as it was.
    /// </summary>
    /// <param name="run">Data, configuration and device.</param>
    /// <param name="encoder">Fresh or trained.</param>
    /// <param name="step">Whose batch, from 0.</param>
    /// <param name="image">Which unlabeled image of the batch is shown, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The batch has no such image.</exception>
    public static StepPicture Take(RunSetting run, Encoder encoder, int step = 0, int image = 0)
    {
        var (criterion, batch, small) = (run.Config.Criterion, run.Plans.GlobalBatch, run.Config.Data.Multicrop);
        ArgumentOutOfRangeException.ThrowIfNegative(image);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(image, batch);
        using var scope = torch.NewDisposeScope();
        using var frozen = torch.no_grad();
        var plan = run.Plans.Paws(default).At(step)!;
        using var loader = run.OpenLoader(s => s == step ? plan : null, step);
        using var uploads = new Uploads(run.Device);
        var groups = uploads.Take(loader.Next()!);
        var supports = plan.Groups[0].Rows.Length - 2 * batch;
        var (h, z) = ForwardInTraining(encoder, groups);
        var labels = SupportLabels.Of(run, encoder.MasterType, run.Config.Data.LabelSmoothing);
        var options = PawsLossOptions.Create(criterion.Temperature, criterion.Sharpen, criterion.MeMax);
        var loss = PawsLoss.ofBatch(options, supports, batch, small, labels, z, h);
        var entropies = Numerics.crossEntropy(loss.Targets, loss.Predictions);
        var views = ViewPictures.Of(
            groups[0].index_select(0, torch.tensor(new long[] { supports + image, supports + batch + image }, device: run.Device)),
            plan.Groups[0].Recipe,
            row => $"view {row + 1}"
        );
        return new StepPicture
        {
            Classes = ColumnNames(run, plan.SupportClasses, (int)labels.shape[1]),
            Encoder = run.Config.Meta.ModelName,
            PredictionHead = run.Config.Meta.UsePredHead,
            First = views[0],
            Second = views[1],
            Supports = SupportPictures(run, groups[0], plan.Groups[0].Recipe),
            Images = batch,
            SmallViews = small,
            SupportRows = supports,
            Width = (int)z.shape[1],
            Labels = [.. Enumerable.Range(0, supports).Select(row => Row(labels, row))],
            Prediction = Row(loss.Predictions, image),
            SecondPrediction = Row(loss.Predictions, batch + image),
            Target = Row(loss.Targets, image),
            SecondTarget = Row(loss.Targets, batch + image),
            EntropyOfFirst = Scalars.value(entropies[image]),
            EntropyOfSecond = Scalars.value(entropies[batch + image]),
            MeanPrediction = Numbers(Sharpening.sharpen(criterion.Sharpen, loss.Predictions).mean([0])),
            CrossEntropy = Scalars.value(loss.CrossEntropy),
            MeMax = Scalars.value(loss.MeMax),
            Temperature = criterion.Temperature,
            Sharpen = criterion.Sharpen,
        };
    }

    /// <summary>Step 0 of a run of PAWS with the weights that it has come to.</summary>
    /// <exception cref="UserErrorException">The run has no weights yet, or its data is not where it was.</exception>
    public static StepPicture OfRun(string directory, CommandConsole console, CancellationToken stop = default)
    {
        using var run = RunSetting.Open(RunDirectory.ReadConfig(directory), console, stop: stop);
        using var encoder = run.NewEncoder();
        CheckpointLoader.LoadEncoder(EvaluationJob.WeightsOf(directory), RunContext.EncoderState(encoder));
        return Take(run, encoder);
    }

    /// <summary>A forward pass in training mode, after which mode and running statistics are those from before.</summary>
    private static (torch.Tensor H, torch.Tensor Z) ForwardInTraining(Encoder encoder, IReadOnlyList<torch.Tensor> groups)
    {
        var training = encoder.Training;
        var before = encoder.NamedBuffers().Select(b => (b.Value, Copy: b.Value.clone())).ToList();
        encoder.Train();
        try
        {
            var (h, z) = encoder.Forward(groups);
            return (h, z);
        }
        finally
        {
            foreach (var (buffer, copy) in before)
            {
                buffer.copy_(copy);
            }
            if (!training)
            {
                encoder.Eval();
            }
        }
    }

    // Columns stand for the classes in the order in which the supports name them.
    private static string[] ColumnNames(RunSetting run, int[] supportClasses, int columns)
    {
        string[] names = [.. supportClasses.Distinct().Select(k => run.Data.Train.Classes[k])];
        return [.. Enumerable.Range(0, columns).Select(column => column < names.Length ? names[column] : "")];
    }

    // The sampler goes through the classes again and again: a row of the grid is one turn.
    private static List<ViewPicture[]> SupportPictures(RunSetting run, torch.Tensor large, Data.Augment.ViewRecipe recipe)
    {
        var criterion = run.Config.Criterion;
        var (classes, turns) = (criterion.ClassesPerBatch, Math.Min(ShownPerClass, criterion.SupervisedImgsPerClass));
        var pictures = ViewPictures.Of(large.narrow(0, 0, (long)classes * turns), recipe, row => $"support {row + 1}");
        return [.. pictures.Chunk(classes).Select(turn => turn.Take(ShownClasses).ToArray())];
    }

    private static double[] Row(torch.Tensor matrix, int row) => Numbers(matrix[row]);

    private static double[] Numbers(torch.Tensor vector) => vector.cpu().to(torch.float64).contiguous().data<double>().ToArray();
}
