using Paws.Data.Augment;
using Paws.Runner.Config;

namespace Paws.Runner.Training;

/// <summary>How the views of a configuration are made.</summary>
/// <param name="config">Resolved configuration.</param>
internal sealed class Recipes(PawsConfig config)
{
    private int Size => config.Views.LargeSize!.Value;

    /// <summary>Large views: random crop with the whole augmentation.</summary>
    public ViewRecipe Large => Augmented(Size, config.Views.LargeScale!);

    /// <summary>Small views of multi-crop.</summary>
    public ViewRecipe Small => Augmented(config.Views.SmallSize!.Value, config.Views.SmallScale!);

    /// <summary>
    /// Centre crop without randomness: images as evaluation sees them. As published, photographs are resized to 256 before 224 are
    /// cut out, and small images are taken whole.
    /// </summary>
    public ViewRecipe Centre
    {
        get
        {
            var size = config.Views.TestSize!.Value;
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

    /// <summary>The large views' augmentation, with crops of another scale where one is given.</summary>
    public ViewRecipe LargeOr(double[]? scale) => scale is null ? Large : Augmented(Size, scale);

    /// <summary>Random crops (of the large views' scale where none is given) and flips, colours as they are.</summary>
    public ViewRecipe CropAndFlip(double[]? scale)
    {
        var area = scale ?? config.Views.LargeScale!;
        return Normalised(
            new ViewRecipe
            {
                Size = Size,
                RandomCrop = true,
                Scale = (area[0], area[1]),
                Flip = config.Data.Flip,
            }
        );
    }

    private ViewRecipe Augmented(int size, double[] scale)
    {
        var (data, views) = (config.Data, config.Views);
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
        config.Data.Normalize ? recipe with { Mean = Channels(config.Views.Mean!), Std = Channels(config.Views.Std!) } : recipe;

    private static (float, float, float) Channels(double[] values) => ((float)values[0], (float)values[1], (float)values[2]);
}
