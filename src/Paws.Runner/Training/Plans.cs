using Paws.Data.Augment;
using Paws.Data.Loading;
using Paws.Data.Sampling;

namespace Paws.Runner.Training;

/// <summary>From the configuration to what each step sees: the recipes of views, and the samplers over the run's images.</summary>
internal sealed class Plans(RunContext run)
{
    private Config.PawsConfig Config => run.Config;

    private ulong Seed => (ulong)(uint)Config.Meta.Seed;

    /// <summary>Large views: random crop with the whole augmentation.</summary>
    public ViewRecipe Large => Augmented(Config.Views.LargeSize!.Value, Config.Views.LargeScale!);

    /// <summary>Small views of multi-crop.</summary>
    public ViewRecipe Small => Augmented(Config.Views.SmallSize!.Value, Config.Views.SmallScale!);

    /// <summary>Centre crop, without randomness: images as evaluation sees them.</summary>
    public ViewRecipe Centre =>
        Normalised(
            new ViewRecipe
            {
                Size = Config.Views.LargeSize!.Value,
                RandomCrop = false,
                // As published: photographs are resized to 256 and cut to 224; small images are taken whole.
                ResizeShorter = Config.Views.LargeSize.Value >= 96 ? Config.Views.LargeSize.Value * 256 / 224 : 0,
            }
        );

    /// <summary>Pre-training steps.</summary>
    public PawsPlanner Paws() => throw new NotImplementedException();
}
