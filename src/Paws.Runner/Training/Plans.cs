using Paws.Data.Loading;
using Paws.Data.Sampling;
using Paws.Runner.Config;

namespace Paws.Runner.Training;

/// <summary>From the configuration to what each step sees: the samplers over the run's images.</summary>
internal sealed class Plans(RunSetting run)
{
    private readonly Recipes recipes = new(run.Config);

    private PawsConfig Config => run.Config;

    private ulong Seed => (ulong)(uint)Config.Meta.Seed;

    /// <summary>Pre-training: supports, two large views and the small ones.</summary>
    public PawsPlanner Paws()
    {
        var criterion = Config.Criterion;
        var unlabeled = new UnlabeledSampler(run.Data.Train.Count, criterion.UnsupervisedBatchSize, Seed);
        var support = Support(criterion.ClassesPerBatch, criterion.SupervisedImgsPerClass);
        return new PawsPlanner(unlabeled, support, recipes.Large, recipes.Small, criterion.SupervisedViews, Config.Data.Multicrop);
    }

    /// <summary>SuNCEt fine-tuning: all classes, some labeled images of each.</summary>
    public SupportPlanner Suncet(int perClass)
    {
        var finetune = Config.Finetune;
        var recipe = finetune.Augment ? recipes.LargeOr(finetune.Scale) : recipes.Centre with { Flip = Config.Data.Flip };
        return new SupportPlanner(Support(run.Data.Train.Classes.Count, perClass), recipe, finetune.Views);
    }

    /// <summary>The supervised-only baseline: labeled images with the augmentation of the large views.</summary>
    public SupervisedPlanner Supervised(int batch) =>
        new(run.Data.Train.Labels, run.Labeled, recipes.LargeOr(Config.Baseline.Scale), batch, Seed);

    /// <summary>Images in order at centre crop.</summary>
    public SequentialPlanner Sequential(int[] indices) => new(indices, recipes.Centre, Config.Evaluation.BatchSize);

    private SupportSampler Support(int classes, int perClass) =>
        new(run.Data.Train.Labels, run.Labeled, run.Data.Train.Classes, classes, perClass, Seed);
}
