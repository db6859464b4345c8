using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>Whether numbers are numbers: a run that has diverged has infinities and NaNs in its weights, and none of it is worth keeping.</summary>
internal static class Finite
{
    /// <summary>The first of the tensors that holds something else than finite numbers; null where none does. Whole numbers are always finite.</summary>
    public static string? FirstNot(IEnumerable<(string Name, torch.Tensor Value)> tensors)
    {
        using var frozen = torch.no_grad();
        foreach (var (name, value) in tensors)
        {
            using var scope = torch.NewDisposeScope();
            if (value.is_floating_point() && !torch.isfinite(value.detach()).all().cpu().item<bool>())
            {
                return name;
            }
        }
        return null;
    }

    /// <summary>The largest magnitude; not a number, or infinite, where something in it is.</summary>
    public static double Largest(torch.Tensor tensor)
    {
        using var frozen = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        return tensor.detach().abs().max().to(torch.float64).cpu().item<double>();
    }

    /// <summary>Refuses weights that were read from a file and are of no use.</summary>
    /// <exception cref="UserErrorException">Some are not finite.</exception>
    public static void Require(string path, IEnumerable<(string Name, torch.Tensor Value)> tensors)
    {
        if (FirstNot(tensors) is { } name)
        {
            throw new UserErrorException(
                $"{path} holds weights that are not finite numbers ({name}): the run that wrote it had diverged; name another with --checkpoint"
            );
        }
    }
}
