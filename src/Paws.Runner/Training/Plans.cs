using Paws.Data.Augment;
using Paws.Data.Loading;
using Paws.Data.Sampling;
using Paws.Runner.Config;

namespace Paws.Runner.Training;

/// <summary>From the configuration to what each step sees: the recipes of views, and the samplers over the run's images.</summary>
internal sealed class Plans(RunSetting run)
{
    private PawsConfig Config => run.Config;

    private ulong Seed => (ulong)(uint)Config.Meta.Seed;

    private int Size => Config.Views.LargeSize!.Value;

    /// <summary>Large views: random crop with the whole augmentation.</summary>
    public ViewRecipe Large => Augmented(Size, Config.Views.LargeScale!);

    /// <summary>Small views of multi-crop.</summary>
    public ViewRecipe Small => Augmented(Config.Views.SmallSize!.Value, Config.Views.SmallScale!);

    /// <summary>
    /// Centre crop without randomness: images as evaluation sees them. As published, photographs are resized to 256 before 224 are
    /// cut out, and small images are taken whole.
    /// </summary>
    public ViewRecipe Centre
    {
        get
        {
            var size = Config.Views.TestSize!.Value;
            return Normalised(
                new ViewRecipe
                {
                    Size = size,
                    RandomCrop = false,
                    ResizeShorter = size >= 96 ? size * 256 / 224 : 0,
                }
            );
        }
    }

    /// <summary>Pre-training: supports, two large views and the small ones.</summary>
    public PawsPlanner Paws()
    {
        var criterion = Config.Criterion;
        var unlabeled = new UnlabeledSampler(run.Data.Train.Count, criterion.UnsupervisedBatchSize, Seed);
        var support = Support(criterion.ClassesPerBatch, criterion.SupervisedImgsPerClass);
        return new PawsPlanner(unlabeled, support, Large, Small, criterion.SupervisedViews, Config.Data.Multicrop);
    }

    /// <summary>SuNCEt fine-tuning: all classes, some labeled images of each.</summary>
    public SupportPlanner Suncet(int perClass)
    {
        var finetune = Config.Finetune;
        var recipe = finetune.Augment ? LargeOr(finetune.Scale) : Centre with { Flip = Config.Data.Flip };
        return new SupportPlanner(Support(run.Data.Train.Classes.Count, perClass), recipe, finetune.Views);
    }

    /// <summary>The supervised-only baseline: labeled images with the augmentation of the large views.</summary>
    public SupervisedPlanner Supervised(int batch) => new(run.Data.Train.Labels, run.Labeled, LargeOr(Config.Baseline.Scale), batch, Seed);

    /// <summary>Images in order at centre crop.</summary>
    public SequentialPlanner Sequential(int[] indices) => new(indices, Centre, Config.Evaluation.BatchSize);

    /// <summary>The large views' augmentation, with crops of another scale where one is given.</summary>
    private ViewRecipe LargeOr(double[]? scale) => scale is null ? Large : Augmented(Size, scale);

    private SupportSampler Support(int classes, int perClass) =>
        new(run.Data.Train.Labels, run.Labeled, run.Data.Train.Classes, classes, perClass, Seed);

    private ViewRecipe Augmented(int size, double[] scale)
    {
        var (data, views) = (Config.Data, Config.Views);
        return Normalised(
            new ViewRecipe
            {
                Size = size,
                RandomCrop = true,
                Scale = (scale[0], scale[1]),
                Flip = data.Flip,
                Jitter = data.ColorJitterStrength > 0 ? views.Jitter : 0,
                JitterStrength = data.ColorJitterStrength,
                Grayscale = views.Grayscale ?? 0,
                Blur = views.Blur ?? 0,
                Solarize = views.Solarize ?? 0,
                Equalize = views.Equalize ?? 0,
            }
        );
    }

    private ViewRecipe Normalised(ViewRecipe recipe) =>
        Config.Data.Normalize ? recipe with { Mean = Channels(Config.Views.Mean!), Std = Channels(Config.Views.Std!) } : recipe;

    private static (float, float, float) Channels(double[] values) => ((float)values[0], (float)values[1], (float)values[2]);
}
