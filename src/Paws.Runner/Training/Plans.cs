using Paws.Data.Loading;
using Paws.Data.Sampling;
using Paws.Model;
using Paws.Runner.Config;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>From the configuration to what each step sees: the samplers over the run's images.</summary>
internal sealed class Plans(RunSetting run)
{
    private readonly Recipes recipes = new(run.Config);

    private PawsConfig Config => run.Config;

    private ulong Seed => (ulong)(uint)Config.Meta.Seed;

    /// <summary>Ranks that the configuration's numbers are meant for.</summary>
    public int WorldSize => Math.Max(1, Config.Meta.WorldSize);

    /// <summary>Unlabeled images of a pre-training step, over all ranks.</summary>
    public int GlobalBatch => Config.Criterion.UnsupervisedBatchSize * WorldSize;

    /// <summary>Classes in the supports of all ranks.</summary>
    public int SupportClasses => Config.Criterion.ClassesPerBatch * (Config.Data.UniqueClassesPerRank ? WorldSize : 1);

    /// <summary>
    /// Pre-training: supports, two large views and the small ones. The batch of all ranks that the configuration is meant for; of it
    /// the shard's part.
    /// </summary>
    public PawsPlanner Paws(Shard shard) => Supported(Config.Data.Multicrop, shard);

    /// <summary>Pre-training on large views alone, with the supports.</summary>
    public PawsPlanner LargeViewsAndSupports() => Supported(multicrop: 0, default);

    /// <summary>Pre-training without labels: two large views, and so many small ones.</summary>
    public PawsPlanner Unsupported(int multicrop) => new(Unlabeled(), [], recipes.Large, recipes.Small, 1, multicrop);

    /// <summary>FixMatch: labeled images and weak views by crops and flips, strong views by the augmentation of the large ones.</summary>
    public FixMatchPlanner FixMatch(int labeledBatch)
    {
        var weak = recipes.CropAndFlip(null);
        var labeled = new SupervisedPlanner(run.Data.Train.Labels, run.Labeled, weak, labeledBatch, Seed);
        return new FixMatchPlanner(labeled, Unlabeled(), weak, recipes.Large);
    }

    /// <summary>Distillation: every training image by crops and flips.</summary>
    public UnlabeledPlanner Distillation() => new(Unlabeled(), recipes.CropAndFlip(null));

    private PawsPlanner Supported(int multicrop, Shard shard)
    {
        var (criterion, data) = (Config.Criterion, Config.Data);
        var supports = Enumerable
            .Range(0, WorldSize)
            .Select(rank =>
                Support(criterion.ClassesPerBatch, criterion.SupervisedImgsPerClass, rank, WorldSize, data.UniqueClassesPerRank)
            );
        return new PawsPlanner(
            Unlabeled(),
            [.. supports],
            recipes.Large,
            recipes.Small,
            criterion.SupervisedViews,
            multicrop,
            shard: shard
        );
    }

    /// <summary>SuNCEt fine-tuning: all classes, some labeled images of each.</summary>
    public SupportPlanner Suncet(int perClass)
    {
        var finetune = Config.Finetune;
        var recipe = finetune.Augment ? recipes.LargeOr(finetune.Scale) : recipes.Centre with { Flip = Config.Data.Flip };
        return new SupportPlanner(Support(run.Data.Train.Classes.Count, perClass), recipe, finetune.Views, shard: run.Ranks.Shard);
    }

    /// <summary>The supervised-only baseline: labeled images with the augmentation of the large views.</summary>
    public SupervisedPlanner Supervised(int batch) =>
        new(run.Data.Train.Labels, run.Labeled, recipes.LargeOr(Config.Baseline.Scale), batch, Seed, shard: run.Ranks.Shard);

    /// <summary>A classifier on top of a pre-trained encoder: random crops and flips alone, as published.</summary>
    public SupervisedPlanner Classifier(IReadOnlyList<int> images, int batch) =>
        new(run.Data.Train.Labels, images, recipes.CropAndFlip(Config.Finetune.Scale), batch, Seed);

    /// <summary>Images in order at centre crop.</summary>
    public SequentialPlanner Sequential(int[] indices) => new(indices, recipes.Centre, Config.Evaluation.BatchSize);

    private UnlabeledSampler Unlabeled() => new(run.Data.Train.Count, GlobalBatch, Seed);

    private SupportSampler Support(int classes, int perClass, int rank = 0, int world = 1, bool unique = false) =>
        new(run.Data.Train.Labels, run.Labeled, run.Data.Train.Classes, classes, perClass, Seed, rank, world, unique);
}
